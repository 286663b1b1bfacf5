import { join } from 'node:path';
import type { Client, Rig } from './rig.ts';
import type { WorkerProcess } from './worker-process.ts';

/** Stops the event loop of the only worker for `ms`: its thread starts when it has been late for the first time. */
export async function untilLateOnce(
  rig: Rig,
  client: Client,
  worker: WorkerProcess,
  ms: number,
): Promise<void> {
  // The lag of a loop is seen from its first look at itself on.
  await worker.untilMark('ready');
  const input = { marker: join(rig.folder, 'late'), ms };
  await client.perform([{ workflow: 'blocking', key: 'late', input, signals: 0 }]);
  await worker.untilEntry('its thread', () => worker.logs('a thread beats').length > 0);
}
