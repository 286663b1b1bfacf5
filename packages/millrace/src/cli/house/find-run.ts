import { MillraceError, show } from '../../core/errors.ts';
import { isRunId } from '../../core/ids.ts';
import { checkKey } from '../../core/names.ts';
import type { Millrace } from '../../millrace.ts';
import type { FoundRun } from './house.ts';

/** Runs of other namespaces are not seen by commands. */
export const NAMESPACE = 'default';

const PREFIX_CHARS = 8;
const LAST_ID = 'ffffffffffff7fffbfffffffffffffff';

/** How runs are looked up where they are. */
export interface Lookup {
  byId(runId: string): Promise<FoundRun | undefined>;
  byKey(key: string): Promise<FoundRun | undefined>;
  /** The newest runs that are older than this one would be. */
  before(runId: string, limit: number): Promise<readonly FoundRun[]>;
}

/** In a store. */
export function findRun({ store }: Millrace, argument: string): Promise<FoundRun> {
  return lookUp(argument, {
    byId: async (runId) => (await store.readRuns([{ runId, namespace: NAMESPACE }]))[0],
    byKey: async (key) => (await store.readRuns([{ namespace: NAMESPACE, key }]))[0],
    before: async (before, limit) =>
      (await store.listRuns({ namespace: NAMESPACE, tasks: true, limit, before })).runs,
  });
}

/**
 * The run that an argument names: a runId, an unambiguous beginning of one of at least 8 characters, or
 * `key:KEY`.
 * @throws INVALID_ARGUMENT, RUN_NOT_FOUND.
 */
export async function lookUp(argument: string, lookup: Lookup): Promise<FoundRun> {
  if (argument.startsWith('key:')) {
    const key = argument.slice(4);
    checkKey(key);
    return found(await lookup.byKey(key), `a run with key ${show(key)}`);
  }
  const digits = argument.toLowerCase().replaceAll('-', '');
  if (!/^[0-9a-f]+$/.test(digits) || digits.length < PREFIX_CHARS || digits.length > LAST_ID.length) {
    throw new MillraceError('INVALID_ARGUMENT', `${show(argument)} names no run`, {
      remedy: `Give a runId, its first ${PREFIX_CHARS} or more characters, or key:KEY.`,
    });
  }
  const whole: string = withDashes(digits);
  if (isRunId(whole)) return found(await lookup.byId(whole), `run ${whole}`);
  return findByPrefix(lookup, argument, digits);
}

async function findByPrefix(lookup: Lookup, argument: string, digits: string): Promise<FoundRun> {
  const last = withDashes(digits + LAST_ID.slice(digits.length));
  // A page goes on after its cursor, so the last id that fits is asked for by itself.
  const [page, lastRun] = await Promise.all([lookup.before(last, 3), lookup.byId(last)]);
  const fitting = [...(lastRun === undefined ? [] : [lastRun]), ...page].filter(({ runId }) =>
    runId.replaceAll('-', '').startsWith(digits),
  );
  if (fitting.length <= 1) return found(fitting[0], `a run whose id begins with ${show(argument)}`);
  const ids = fitting.map(({ runId }) => runId).join(', ');
  throw new MillraceError('INVALID_ARGUMENT', `${show(argument)} begins several run ids: ${ids}`, {
    remedy: 'Give more characters of the one that you mean.',
  });
}

function withDashes(digits: string): string {
  return [0, 8, 12, 16, 20].map((from, at, all) => digits.slice(from, all[at + 1])).join('-');
}

function found(run: FoundRun | undefined, what: string): FoundRun {
  if (run !== undefined) return run;
  throw new MillraceError('RUN_NOT_FOUND', `${what} does not exist`);
}
