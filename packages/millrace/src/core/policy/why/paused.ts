import { instant } from '../../reading/instant.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import type { Reason } from './reason.ts';

/** Who stopped the run, and why. What its engine had begun may still be under way. */
export function pauseReason({ runId, pause, engineName }: ReadableRun, since: string): Reason {
  const { by, reason, engineId } = pause ?? {};
  const at = pause === undefined ? since : instant(pause.at);
  const why = reason === undefined ? '' : `: ${reason}`;
  const engine = engineId === undefined ? undefined : (engineName ?? engineId);
  const ends = engine === undefined ? '' : `; attempts that engine ${engine} had begun may still end`;
  return {
    code: 'PAUSED',
    message: `it is paused by ${by ?? 'somebody'} since ${at}${why}${ends}`,
    since: at,
    refs: {
      ...(by === undefined ? {} : { pausedBy: by }),
      ...(reason === undefined ? {} : { reason }),
      ...(engine === undefined ? {} : { engineId: engine }),
    },
    remedy: {
      message: 'Resume it: it goes on where it stood. A cancel ends it.',
      command: `millrace resume ${runId}`,
    },
  };
}
