import type { RunView } from '../../../../core/dag/view/view-run.ts';
import type { House } from '../../../house/house.ts';
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
export async function watchNodes(house: House, runId: string, live: Live): Promise<NodeWatch | undefined> {
  if (live.size === undefined) return undefined;
  let view = await readView(house, runId);
  if (view === undefined) return undefined;
  let isNew = true;
  let nextLookAt = 0;
  let looking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    isNew = false;
    const begunAt = performance.now();
    view = (await readView(house, runId)) ?? view;
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

async function readView(house: House, runId: string): Promise<Pick<RunView, 'nodes'> | undefined> {
  const { nodes } = await house.run(runId).describe({ nodes: true });
  return nodes === undefined ? undefined : { nodes };
}
