import { DatabaseSync } from 'node:sqlite';
import { expect, it, onTestFinished, vi } from 'vitest';
import { boot, closing, ORDER, planOf, startOf, type Owned } from '../../contract/samples.ts';
import { openSqlite } from '../open-sqlite.ts';

/** How often statements like this one were executed since the last time it was asked. */
function countExecutions(like: RegExp): () => number {
  let count = 0;
  const { prepare } = DatabaseSync.prototype;
  const spy = vi.spyOn(DatabaseSync.prototype, 'prepare').mockImplementation(function (
    this: DatabaseSync,
    sql,
  ) {
    const statement = prepare.call(this, sql);
    if (!like.test(sql)) return statement;
    for (const act of ['get', 'all', 'run'] as const) {
      const execute = statement[act].bind(statement) as (...values: never[]) => never;
      statement[act] = (...values: never[]) => {
        count += 1;
        return execute(...values);
      };
    }
    return statement;
  });
  onTestFinished(() => spy.mockRestore());
  return () => {
    const executed = count;
    count = 0;
    return executed;
  };
}

it('a call looks once whether there are limits, however much it starts and ends', async () => {
  const looks = countExecutions(/\bFROM limits\b/);
  const store = await openSqlite({ path: ':memory:' });
  onTestFinished(() => store.close());
  await store.migrate();
  const engineId = await boot(store);
  const owned = (): ReturnType<typeof startOf> => startOf({ owner: engineId });
  const requests = Array.from({ length: 20 }, owned);
  looks();
  const results = await store.startRuns(requests);
  expect(results).toMatchObject(requests.map(() => ({ outcome: 'started', owned: true })));
  expect(looks(), 'starts').toBe(1);
  const plans = requests.map(({ runId }) => {
    const run: Owned = { runId, engineId, epoch: 1, version: 0, inboxSeq: 0, events: 1 };
    return planOf(run, closing(run), { starts: [owned(), owned()] });
  });
  expect(await store.commit(plans)).toMatchObject(plans.map(() => ({ outcome: 'ok' })));
  expect(looks(), 'a commit of plans that start and end runs').toBe(1);
  await store.startRuns(Array.from({ length: 5 }, () => startOf()));
  looks();
  const claimed = await store.claimRuns({ engineId, workflows: [ORDER], limit: 10, suspects: false });
  expect(claimed).toHaveLength(5);
  expect(looks(), 'a claim').toBe(1);
});
