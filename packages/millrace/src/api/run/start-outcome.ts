import type { MillraceError } from '../../core/errors.ts';
import type { RunStatus } from '../../core/status.ts';
import type { StartRequest, StartResult } from '../../store/port/store.ts';
import type { Run } from '../handle.ts';

/** What became of one start of several. */
export type StartOutcome =
  | {
      readonly run: Run;
      /** False: its key had a run already, with the same workflow and input. */
      readonly isNew: boolean;
      readonly status: RunStatus;
    }
  | { readonly refusal: MillraceError };

/** Of a start that was not refused. */
export function startOutcome(run: Run, result: StartResult, { runId }: StartRequest): StartOutcome {
  if (result.outcome !== 'existing') return { run, isNew: true, status: 'queued' };
  // The request itself may have been sent twice.
  return { run, isNew: result.runId === runId, status: result.status };
}
