import { isClosed, statusOf, type OpenStatus } from '../../../core/status.ts';
import type { PauseStore, Unpausable } from '../../port/runs/pauses.ts';
import { checkCount, checkPause } from '../../port/text.ts';
import type { Connections } from '../database/connect.ts';
import { functionCall } from '../runs/function-call.ts';

const PAUSE = functionCall('pause_v1', 4);
const RESUME = functionCall('resume_v1', 2);
const RECORD = functionCall('record_paused_v1', 10);

type Held = [known: boolean, status: number | null, other: string | null];
type Resumed = [
  known: boolean,
  was: number | null,
  status: number | null,
  other: string | null,
  wakeAt: number | null,
];

/** @param now - undefined: the database's clock. */
export function pauseCalls({ write }: Connections, now: () => number | undefined): PauseStore {
  return {
    pauseRun: async (request) => {
      checkPause(request);
      const { runId, by, reason } = request;
      const [row] = await write<Held>({ text: PAUSE, values: [now(), runId, by, reason] });
      const [, status = null, other = null] = row ?? [];
      return unpausable(status, other) ?? { outcome: 'paused', engineId: other ?? undefined };
    },
    resumeRun: async (runId) => {
      const [row] = await write<Resumed>({ text: RESUME, values: [now(), runId] });
      const [, was = null, status = null, other = null, wakeAt = null] = row ?? [];
      const refused = unpausable(was, other);
      if (refused !== undefined) return refused;
      if (status === null) return { outcome: 'open' };
      return {
        outcome: 'resumed',
        status: openStatusOf(status),
        ownerId: other ?? undefined,
        wakeAt: wakeAt ?? undefined,
      };
    },
    recordPaused: async (record) => {
      checkCount(record);
      const { runId, engineId, epoch, version, commitId, seq, count, history, done } = record;
      const data = history && Buffer.from(history.buffer, history.byteOffset, history.byteLength);
      const values = [now(), runId, engineId, epoch, version, commitId, seq, count, data, done];
      const [row] = await write<['ok' | 'already' | 'conflict']>({ text: RECORD, values });
      return row?.[0] ?? 'conflict';
    },
  };
}

function unpausable(status: number | null, successor: string | null): Unpausable | undefined {
  if (status === null) return { outcome: 'not-found' };
  const word = statusOf(status);
  if (!isClosed(word)) return undefined;
  return { outcome: 'run-closed', status: word, successor: successor ?? undefined };
}

function openStatusOf(code: number): OpenStatus {
  const status = statusOf(code);
  if (isClosed(status)) throw new Error(`an open run with status ${status}`);
  return status;
}
