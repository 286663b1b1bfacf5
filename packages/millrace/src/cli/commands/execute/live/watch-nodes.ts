import { placedEvents } from '../../../../core/reading/history-items.ts';
import { rehearse } from '../../../../core/rehearsal/rehearse.ts';
import type { Definition } from '../../../../core/dag/definition.ts';
import type { Graph } from '../../../../core/dag/graph/graph.ts';
import { definitionWorkflow } from '../../../../flows/dag/definition-workflow.ts';
import type { Millrace } from '../../../../millrace.ts';
import { nodePorts } from '../../../../node-ports.ts';
import type { RunRow } from '../../../../store/port/store.ts';
import { interpret } from '../../../../versions/catalogue/language.ts';
import { frame } from './frame.ts';
import { nodeRows, type NodeRow } from './node-rows.ts';
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
  const { namespace, workflow: name, workflowVersion } = row;
  const [version = ''] = workflowVersion.split('+');
  const [stored] = await millrace.store.readDefinitions([{ namespace, name, version }]);
  if (stored === undefined) return undefined;
  const { definition } = interpret(stored.body);
  let rows: readonly NodeRow[] = [];
  let isNew = true;
  let nextLookAt = 0;
  let looking: Promise<void> | undefined;

  const look = async (): Promise<void> => {
    isNew = false;
    const begunAt = performance.now();
    rows = (await readNodes(millrace, row.runId, definition)) ?? rows;
    const tookMs = performance.now() - begunAt;
    nextLookAt = performance.now() + tookMs / LOOKING_SHARE;
  };
  const draw = (): void => {
    const { size } = live;
    if (size !== undefined) live.draw(frame(rows, live.terminal.tellStyle, { ...size, now: Date.now() }));
  };
  const refresh = (): void => {
    if (isNew && looking === undefined && performance.now() >= nextLookAt) {
      // A store that does not answer is told of by whoever follows the run.
      looking = look()
        .catch(() => void (isNew = true))
        .finally(() => (looking = undefined));
    }
    if (rows.length > 0) draw();
  };
  const timer = setInterval(refresh, REDRAW_MS);
  return {
    note: () => void (isNew = true),
    async close() {
      clearInterval(timer);
      await looking;
      await look().catch(() => undefined);
      if (rows.length > 0) draw();
      live.end();
    },
  };
}

const { drained } = nodePorts(() => {});

/** How the nodes stand: the run is rehearsed from its history, and its graph is looked at. */
async function readNodes(
  { store }: Millrace,
  runId: string,
  definition: Definition,
): Promise<readonly NodeRow[] | undefined> {
  const history = placedEvents(await store.readHistory(runId, 0));
  let graph: Graph | undefined;
  await rehearse(
    definitionWorkflow(definition, (made) => (graph = made)),
    runId,
    history,
    drained,
  );
  return graph && nodeRows(definition, graph, history);
}
