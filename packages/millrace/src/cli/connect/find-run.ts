import { MillraceError, show } from '../../core/errors.ts';
import { isRunId } from '../../core/ids.ts';
import { checkKey } from '../../core/names.ts';
import type { Millrace } from '../../millrace.ts';
import type { RunRow } from '../../store/port/store.ts';

/** Runs of other namespaces are not seen by this command. */
export const NAMESPACE = 'default';

const PREFIX_CHARS = 8;
const LAST_ID = 'ffffffffffff7fffbfffffffffffffff';

/**
 * The run that an argument names: a runId, an unambiguous beginning of one of at least 8 characters, or
 * `key:KEY`.
 * @throws INVALID_ARGUMENT, RUN_NOT_FOUND.
 */
export async function findRun({ store }: Millrace, argument: string): Promise<RunRow> {
  if (argument.startsWith('key:')) {
    const key = argument.slice(4);
    checkKey(key);
    return found((await store.readRuns([{ namespace: NAMESPACE, key }]))[0], `a run with key ${show(key)}`);
  }
  const digits = argument.toLowerCase().replaceAll('-', '');
  if (!/^[0-9a-f]+$/.test(digits) || digits.length < PREFIX_CHARS || digits.length > LAST_ID.length) {
    throw new MillraceError('INVALID_ARGUMENT', `${show(argument)} names no run`, {
      remedy: `Give a runId, its first ${PREFIX_CHARS} or more characters, or key:KEY.`,
    });
  }
  const whole: string = withDashes(digits);
  if (isRunId(whole))
    return found((await store.readRuns([{ runId: whole, namespace: NAMESPACE }]))[0], `run ${whole}`);
  return findByPrefix(store, argument, digits);
}

async function findByPrefix(store: Millrace['store'], argument: string, digits: string): Promise<RunRow> {
  const last = withDashes(digits + LAST_ID.slice(digits.length));
  // A page goes on after its cursor, so the last id that fits is asked for by itself.
  const [page, [lastRow]] = await Promise.all([
    store.listRuns({ namespace: NAMESPACE, tasks: true, limit: 3, before: last }),
    store.readRuns([{ runId: last, namespace: NAMESPACE }]),
  ]);
  const fitting = [...(lastRow === undefined ? [] : [lastRow]), ...page.runs].filter(({ runId }) =>
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

function found(row: RunRow | undefined, what: string): RunRow {
  if (row !== undefined) return row;
  throw new MillraceError('RUN_NOT_FOUND', `${what} does not exist`);
}
