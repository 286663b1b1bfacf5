import type { Secrets } from '../../core/configuration/secrets.ts';
import { isSealed } from '../../core/dag/expression/sealed.ts';
import { soundLine } from '../../core/lines/line.ts';
import type { Executor, Log, StepContext } from '../../core/workflow/context.ts';
import { createScrubber, matcherOf, type Matcher, type Scrubber } from './scrub.ts';

/** The input with the expressions over secrets in it evaluated, which definitions hand on sealed. */
export type OpenSealed = (
  input: unknown,
  secretOf: (name: string) => string | undefined,
) => { readonly value: unknown };

/**
 * An executor that is given secrets, and gives none away: their text is taken out of its output, its checkpoints, its
 * errors and its log lines, whatever the executor is. Without a secret in the input nothing is done.
 */
export function withSecrets(
  executor: Executor,
  secrets: Secrets,
  /** What opens a seal is loaded when there is one. */
  loadOpen: () => Promise<OpenSealed>,
): Executor {
  const known = new Map<string, Matcher>();
  const matcher = (name: string, secret: string): Matcher => {
    const found = known.get(name);
    if (found?.secret === secret) return found;
    const made = matcherOf(name, secret);
    known.set(name, made);
    return made;
  };
  const openedCall = async (input: unknown, step: StepContext): Promise<unknown> => {
    const open = await loadOpen();
    const used = new Set<Matcher>();
    const secretOf = (name: string): string | undefined => {
      const secret = secrets.get(name);
      if (secret !== undefined) used.add(matcher(name, secret));
      return secret;
    };
    let opened: unknown;
    try {
      opened = open(input, secretOf).value;
    } catch (error) {
      throw used.size === 0 ? error : createScrubber([...used]).error(error);
    }
    // What an executor takes is its own affair, as everywhere.
    const given = opened as never;
    return used.size === 0
      ? executor(given, step)
      : scrubbed(executor, given, step, createScrubber([...used]));
  };
  return (input: unknown, step) =>
    isSealed(input) ? openedCall(input, step) : executor(input as never, step);
}

async function scrubbed(
  executor: Executor,
  input: never,
  step: StepContext,
  scrubber: Scrubber,
): Promise<unknown> {
  try {
    return scrubber.value(await executor(input, discreet(step, scrubber)));
  } catch (error) {
    throw scrubber.error(error);
  }
}

/** The step as the executor sees it, with everything that leaves through it scrubbed. */
function discreet(step: StepContext, scrubber: Scrubber): StepContext {
  const { runId, name, attempt, idempotencyKey, traceparent } = step;
  const lineAt = (level: keyof Log) => (said: string, own?: Readonly<Record<string, unknown>>) => {
    const { message, fields } = soundLine({ message: said, fields: own });
    // A copy of an object is one.
    step.log[level](scrubber.text(message), fields && (scrubber.value(fields) as typeof fields));
  };
  return {
    ...{ runId, name, attempt, idempotencyKey, traceparent },
    heartbeat: () => step.heartbeat(),
    checkpoint: (value) => step.checkpoint(scrubber.value(value)),
    log: { debug: lineAt('debug'), info: lineAt('info'), warn: lineAt('warn'), error: lineAt('error') },
    get fencingToken() {
      return step.fencingToken;
    },
    get signal() {
      return step.signal;
    },
    get lastCheckpoint() {
      return step.lastCheckpoint;
    },
  };
}
