import type { ReadableRun } from '../../reading/readable-run.ts';
import { readBlock } from '../../reading/waits.ts';
import type { Mismatch } from '../../run/command.ts';
import type { Reason } from './reason.ts';

/** Why a run needs a person. */
export function blockReason(run: ReadableRun, since: string): Reason {
  const block = readBlock(run);
  if (run.blockCode === 'QUARANTINED') return quarantineReason(run, since);
  if (run.blockCode === 'COMMIT_REFUSED') return refusalReason(run, block, since);
  return mismatchReason(run, block, since);
}

function mismatchReason({ runId }: ReadableRun, block: Mismatch | undefined, since: string): Reason {
  const command = `millrace retry ${runId}`;
  if (block?.code === 'FOREIGN_AWAIT') {
    return {
      code: 'NON_DETERMINISTIC',
      message: `expected ${block.expected}, actual ${block.actual}: ${block.message}`,
      since,
      refs: { cause: 'FOREIGN_AWAIT', expected: block.expected, actual: block.actual },
      remedy: { message: 'Move the asynchronous work into ctx.step, then queue the run again.', command },
    };
  }
  return {
    code: 'NON_DETERMINISTIC',
    message:
      'the program no longer matches the recorded history' +
      (block === undefined ? '' : `: expected ${block.expected}, actual ${block.actual}`),
    since,
    refs: {
      ...(block === undefined ? {} : { expected: block.expected, actual: block.actual }),
      ...(block?.seq === undefined ? {} : { seq: block.seq }),
    },
    remedy: {
      message:
        'Restore the code that the run started with, or give the changed code a new version or a patch; ' +
        'then queue the run again.',
      command,
    },
  };
}

function quarantineReason({ runId, deaths }: ReadableRun, since: string): Reason {
  return {
    code: 'QUARANTINED',
    message: `its engine process died ${deaths} times in a row while it was the only suspect`,
    since,
    refs: { deaths },
    remedy: {
      message: 'Find what kills the process (memory, native code, process.exit), then queue the run again.',
      command: `millrace retry ${runId}`,
    },
  };
}

function refusalReason({ runId }: ReadableRun, block: Mismatch | undefined, since: string): Reason {
  return {
    code: 'COMMIT_REFUSED',
    message: `the store refuses what the run decided${block === undefined ? '' : `: ${block.message}`}`,
    since,
    refs: {},
    remedy: {
      message: 'Remove what the store objects to, then queue the run again.',
      command: `millrace retry ${runId}`,
    },
  };
}
