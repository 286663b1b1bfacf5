import type { RunView } from '../../../../core/dag/view/view-run.ts';
import { placedEvents } from '../../../../core/reading/history-items.ts';
import type { Millrace } from '../../../../millrace.ts';
import { nodePorts } from '../../../../node-ports.ts';
import type { RunRow } from '../../../../store/port/store.ts';
import { nodeReader, storedDefinitions, type ReadNodes } from '../../../../versions/read-nodes.ts';
import { frame } from './frame.ts';
import type { Live } from './screen.ts';

/** The nodes of a run, drawn while it goes on. */
export interface NodeWatch {
  /** Something happened. */
  note(): void;
  /** Draws how it ended. */
  close(): Promise<void>;
}

const REDRAW_MS = 250;
/** Of the time that passes, so much at most is spent on looking: a long history takes long to replay. */
const LOOKING_SHARE = 1 / 10;

/** Undefined: nobody looks, or the run is of no definition. */
export async function watchNodes(
  millrace: Millrace,
  row: RunRow,
  live: Live,
): Promise<NodeWatch | undefined> {
  if (live.size === undefined) return undefined;
  const readNodes = nodeReader(storedDefinitions(millrace.store), drained);
  let view = await readView(millrace, row.runId, readNodes);
  if (view === undefined) return undefined;
  let isNew = true;
  let nextLookAt = 0;
  let looking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    isNew = false;
    const begunAt = performance.now();
    view = (await readView(millrace, row.runId, readNodes)) ?? view;
    const tookMs = performance.now() - begunAt;
    nextLookAt = performance.now() + tookMs / LOOKING_SHARE;
  };
  const draw = (): void => {
    const { size } = live;
    if (size === undefined || view === undefined) return;
    live.draw(frame(view, live.terminal.tellStyle, { ...size, now: Date.now() }));
  };
  const refresh = (): void => {
    if (isNew && looking === undefined && performance.now() >= nextLookAt) {
      // A store that does not answer is told of by whoever follows the run.
      looking = look()
        .catch(() => void (isNew = true))
        .finally(() => (looking = undefined));
    }
    draw();
  };
  const timer = setInterval(refresh, REDRAW_MS);
  return {
    note: () => void (isNew = true),
    async close() {
      clearInterval(timer);
      await looking;
      await look().catch(() => undefined);
      draw();
      live.end();
    },
  };
}

const { drained } = nodePorts(() => {});

async function readView(
  { store }: Millrace,
  runId: string,
  readNodes: ReadNodes,
): Promise<RunView | undefined> {
  const [row] = await store.readRuns([{ runId }]);
  if (row === undefined) return undefined;
  const history = placedEvents(await store.readHistory(runId, 0));
  return readNodes(row, history, Date.now());
}
