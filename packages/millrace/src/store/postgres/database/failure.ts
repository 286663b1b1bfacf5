import { StoreError } from '../../port/errors.ts';

/** When an error came up: before the server could have seen anything, or with a statement on its way. */
export type Moment = 'connect' | 'read' | 'write';

/** SQLSTATE of an error that the server raised. */
export function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/.test(error.code) && 'severity' in error ? error.code : undefined;
}

/** The server is a standby now: no connection of this pool is of use. */
export function isReadOnlyServer(error: unknown): boolean {
  return sqlState(error) === '25006';
}

const RETRYABLE: ReadonlySet<string> = new Set([
  '40001', // serialisation failure
  '40P01', // deadlock
  '55P03', // lock timeout
  '57014', // statement cancelled before its commit
  '23505', // two sendings of one start at the same moment: the second look finds the first
]);

/** Unknown schema, table, column or function. */
const NO_SCHEMA: ReadonlySet<string> = new Set(['3F000', '42P01', '42703', '42883']);

/** Whether the connection can serve another statement after this error. */
export function isUsableAfter(error: unknown): boolean {
  const state = sqlState(error);
  if (state === undefined) return false;
  return !state.startsWith('08') && !state.startsWith('57P') && state !== '25006' && state !== '25P02';
}

/** Every error of the driver or the server as a `StoreError`; one that is already is passed on. */
export function classify(error: unknown, moment: Moment): StoreError {
  if (error instanceof StoreError) return error;
  const state = sqlState(error);
  const message = error instanceof Error ? error.message : String(error);
  const told = (failure: 'definite' | 'ambiguous' | 'congestion', what: string, retryable?: boolean) =>
    new StoreError(failure, `${what}: ${message}${state === undefined ? '' : ` (SQLSTATE ${state})`}`, {
      cause: error,
      ...(retryable === undefined ? {} : { retryable }),
    });
  if (state?.startsWith('53')) return told('congestion', 'PostgreSQL is out of resources');
  if (state === '25006') return told('congestion', 'this PostgreSQL server is read-only');
  if (state === '3D000' || state?.startsWith('28'))
    return told('definite', 'PostgreSQL refused the connection');
  if (moment === 'connect') return told('congestion', 'PostgreSQL cannot be reached');
  const lost = state === undefined || state.startsWith('08') || state.startsWith('57P');
  if (lost && moment === 'read') return told('congestion', 'the connection to PostgreSQL was lost');
  if (lost) return told('ambiguous', 'the connection to PostgreSQL was lost with a statement on its way');
  if (RETRYABLE.has(state)) return told('definite', 'PostgreSQL broke the statement off', true);
  if (NO_SCHEMA.has(state)) return told('definite', 'the schema is missing or old: run `millrace migrate`');
  return told('definite', 'PostgreSQL refused the statement');
}
