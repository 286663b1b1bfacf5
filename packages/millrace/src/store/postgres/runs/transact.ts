import type { PoolClient } from 'pg';
import { StoreError } from '../../port/errors.ts';
import type { Plan, PlanResult } from '../../port/store.ts';
import { checkPlans } from '../../port/text.ts';
import { ask, type Connections } from '../database/connect.ts';
import { classify, sqlState } from '../database/failure.ts';
import type { Answer } from './answer.ts';
import { arrange, commitResults, commitStatement } from './commit.ts';

export interface Transaction<T> {
  body: (tx: PoolClient) => T | Promise<T>;
  plan: (value: T) => Plan;
}

interface Outcome<T> {
  value: T;
  result: PlanResult;
}

/** Pauses before each time that a COMMIT without an answer is asked after, ms. */
const SETTLE_PAUSES_MS = [0, 50, 200, 500, 1000, 2000, 5000, 5000, 5000];
/** A process that stands still must not hold rows for longer. */
const BEGIN = `BEGIN; SET LOCAL idle_in_transaction_session_timeout = '60s'`;

/**
 * An author's writes and a run's plan in one transaction, the plan last, so that its locks are short.
 * Anything but a plain `ok` takes the author's writes back: an earlier sending brought them with it, a
 * conflict must not leave them.
 */
export async function transact<T>(
  connections: Connections,
  { body, plan: planOf }: Transaction<T>,
  now: () => number | undefined,
): Promise<Outcome<T>> {
  let sent: { plan: Plan; outcome: Outcome<T> } | undefined;
  try {
    return await connections.hold(async (client) => {
      let end: Error | undefined;
      const noteEnd = (error: Error): void => void (end ??= error);
      client.on('error', noteEnd);
      try {
        await uncommitted(() => client.query(BEGIN));
        const value = await body(client);
        checkOpen(client);
        const plan = planOf(value);
        checkPlans([plan]);
        const flush = arrange([plan]);
        const answers = await uncommitted(() => ask<Answer>(client, commitStatement(flush, now())));
        const [result] = commitResults(flush, answers);
        if (result === undefined) throw new Error('a plan without a result');
        if (result.outcome !== 'ok') {
          await uncommitted(() => client.query('ROLLBACK'));
          return { value, result };
        }
        sent = { plan, outcome: { value, result } };
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw end === undefined ? error : endOf(end);
      } finally {
        client.off('error', noteEnd);
      }
      await commit(client);
      return sent.outcome;
    });
  } catch (error) {
    if (sent === undefined || !(error instanceof StoreError) || error.failure !== 'ambiguous') throw error;
    return settle(connections, sent.plan, sent.outcome);
  }
}

/**
 * The connection ended before COMMIT, and the transaction with it, whatever the author's function made of that:
 * it has not failed, unless it was too slow for the server.
 */
function endOf(end: Error): StoreError {
  const isTooSlow = sqlState(end)?.startsWith('25P') === true;
  if (isTooSlow)
    return new StoreError('definite', `the function took too long: ${end.message}`, { cause: end });
  const what = `the connection to PostgreSQL was lost within a transaction: ${end.message}`;
  return new StoreError('congestion', what, { cause: end });
}

/** A statement before COMMIT: when its connection is lost, so is the transaction, for certain. */
async function uncommitted<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const failure = classify(error, 'write');
    if (failure.failure !== 'ambiguous') throw failure;
    throw new StoreError('definite', failure.message, { retryable: true, cause: error });
  }
}

function checkOpen(client: PoolClient): void {
  if (client.getTransactionStatus() !== 'I') return;
  throw new StoreError(
    'definite',
    'the function ended the transaction itself; nothing of it may be relied on',
  );
}

/** PostgreSQL answers ROLLBACK, without an error, to the COMMIT of a transaction that has failed. */
async function commit(client: PoolClient): Promise<void> {
  let tag: string;
  try {
    tag = (await client.query('COMMIT')).command;
  } catch (error) {
    throw classify(error, sqlState(error) === '25P02' ? 'read' : 'write');
  }
  if (tag !== 'COMMIT') {
    throw new StoreError('definite', 'the transaction was rolled back by the server', { retryable: true });
  }
}

/**
 * The COMMIT was not answered. Sending the plan again would write it without the author's rows; instead the
 * run's row is locked, which waits for the end of that transaction, and looked at.
 */
async function settle<T>(
  { write }: Connections,
  { runId, version, commitId }: Plan,
  outcome: Outcome<T>,
): Promise<Outcome<T>> {
  const text = 'SELECT millrace.settle_v1($1, $2, $3)';
  let last: unknown;
  for (const pauseMs of SETTLE_PAUSES_MS) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- each try waits for the pause before it
      await new Promise((resolve) => void setTimeout(resolve, pauseMs));
      // oxlint-disable-next-line no-await-in-loop
      const [row] = await write<[applied: boolean | null]>({ text, values: [runId, version, commitId] });
      if (row?.[0] === true) return outcome;
      if (row?.[0] === null || row === undefined) return { ...outcome, result: { outcome: 'conflict' } };
      throw new StoreError('definite', 'the transaction was rolled back', { retryable: true });
    } catch (error) {
      last = error;
      if (error instanceof StoreError && error.message === 'the transaction was rolled back') throw error;
    }
  }
  throw new StoreError('ambiguous', 'the COMMIT was not answered, and PostgreSQL stays away', {
    cause: last,
  });
}
