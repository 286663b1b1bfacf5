import { instant } from '../../reading/instant.ts';
import type { ReadableRun } from '../../reading/readable-run.ts';
import { readBlock, type Block } from '../../reading/waits.ts';
import { remedyFor, sayFlaw, type Flaw } from '../../payload/unreadable.ts';
import type { DeathFacts, WhyFacts } from './facts.ts';
import type { Reason } from './reason.ts';

/** Why a run needs a person. */
export function blockReason(run: ReadableRun, { deaths }: WhyFacts, since: string): Reason {
  if (run.blockCode === 'QUARANTINED') return quarantineReason(run, deaths, since);
  const block = readBlock(run);
  if (run.blockCode === 'PAYLOAD_UNREADABLE') return unreadableReason(run, block, since);
  if (run.blockCode === 'COMMIT_REFUSED') return refusalReason(run, block, since);
  return mismatchReason(run, block, since);
}

function unreadableReason({ runId }: ReadableRun, block: Block | undefined, since: string): Reason {
  const keyId = block?.keyId;
  return {
    code: 'PAYLOAD_UNREADABLE',
    message: `what it needs cannot be read${block === undefined ? '' : `: ${block.message}`}`,
    since,
    refs: keyId === undefined ? {} : { keyId },
    remedy: {
      message:
        'Give the engines the key that sealed it (PAYLOAD_KEYS), or restore what was altered from a backup. ' +
        'An engine that starts with the key queues the run again by itself.',
      command: `millrace retry ${runId}`,
    },
  };
}

/** Of a run whose payloads cannot be read by whoever looks; its engine may well be able to. */
export function hiddenReason(flaw: Flaw, since: string): Reason {
  return {
    code: 'PAYLOAD_UNREADABLE',
    message: `it cannot be told from here: ${sayFlaw(flaw)}`,
    since,
    refs: { keyId: flaw.keyId },
    remedy: { message: `${remedyFor(flaw.keyId)} Then ask again.`, command: null },
  };
}

function mismatchReason({ runId }: ReadableRun, block: Block | undefined, since: string): Reason {
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
        'Restore the code that the run started with, or give the changed code a new version or a patch. ' +
        'An engine that starts with it queues the run again by itself.',
      command,
    },
  };
}

function quarantineReason(
  { runId, deaths }: ReadableRun,
  recorded: readonly DeathFacts[] | undefined,
  since: string,
): Reason {
  const last = recorded?.at(-1);
  return {
    code: 'QUARANTINED',
    message: `its engine process died ${deaths} times in a row while it was the only suspect${deathList(recorded)}`,
    // The store blocks it, and writes nothing into its history.
    since: last === undefined ? since : instant(last.at),
    refs: { deaths, ...(last === undefined ? {} : { engineId: last.engine }) },
    remedy: {
      message: 'Find what kills the process (memory, native code, process.exit), then queue the run again.',
      command: `millrace retry ${runId}`,
    },
  };
}

/** More than these nobody compares. */
const DEATHS_NAMED = 5;

/** Which engines died when, as the end of a sentence. */
export function deathList(deaths: readonly DeathFacts[] | undefined): string {
  if (deaths === undefined || deaths.length === 0) return '';
  const named = deaths.slice(-DEATHS_NAMED);
  const earlier = deaths.length - named.length;
  const list = named.map(
    ({ engine, at, declared }) => `${engine} ${declared ? 'declared dead' : 'dead'} at ${instant(at)}`,
  );
  return `: ${earlier === 0 ? '' : `${earlier} earlier, `}${list.join(', ')}`;
}

function refusalReason({ runId }: ReadableRun, block: Block | undefined, since: string): Reason {
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
