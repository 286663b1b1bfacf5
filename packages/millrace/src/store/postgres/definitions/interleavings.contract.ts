import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type TestDatabase } from '../../../../testbed/postgres-database.ts';
import { beginHeld, type HeldTransaction } from '../../../../testbed/postgres-held.ts';
import { ask as askOnce } from '../../../../testbed/postgres-subject.ts';
import { postgresUrl } from '../../../../testbed/postgres-url.ts';
import { definitionOf, draftOf, FLOW, readOne } from '../../contract/definitions/samples.ts';
import { bytes, startOf, startQueued } from '../../contract/samples.ts';
import type { Store } from '../../port/store.ts';
import { openPostgres } from '../open-postgres.ts';
import { startStatement } from '../runs/start.ts';
import { putStatement, readStatement } from './definitions.ts';

const RUN = { workflow: FLOW.name, workflowVersion: FLOW.version };

/*
 * Two acts on definitions at once, step by step: the first one's transaction is held open on a connection of its own, the
 * second one runs into its locks or does not, then the first one ends this way or that.
 */
describe.skipIf(postgresUrl === undefined)('interleavings of definitions', () => {
  let database: TestDatabase;
  let store: Store;
  let first: HeldTransaction;

  beforeAll(async () => {
    database = await createDatabase(postgresUrl ?? '');
    store = await openPostgres({ url: database.url, hintsUrl: false });
    await store.migrate();
  });
  beforeEach(async () => {
    first = await beginHeld(database.url);
  });
  afterEach(async () => {
    await first.close();
    await askOnce(
      database.url,
      'TRUNCATE millrace.runs, millrace.history, millrace.definitions, millrace.routes, millrace.settings',
    );
  });
  afterAll(async () => {
    await store.close();
    await database.drop();
  });

  test.each([
    ['COMMIT', 'exists'],
    ['ROLLBACK', 'stored'],
  ])(
    'deploy × deploy of one version: after the first one has ended with %s the other is told %s',
    async (end, told) => {
      await first.hold(putStatement(definitionOf('a'), undefined));
      const other = store.putDefinition(definitionOf('b'));
      await first.untilBlocked();
      await first.end(end);
      expect(await other).toMatchObject({ outcome: told });
    },
  );

  test('replace × read: who reads for a run that was started meanwhile waits, and reads what replaced it (D1)', async () => {
    await store.putDefinition(draftOf('a'));
    // It has looked for runs by now.
    await first.hold(putStatement(draftOf('b'), undefined));
    await startQueued(store, RUN);
    const read = readOne(store);
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await read).toMatchObject({ body: bytes('b') });
  });

  test('read × replace: what was read for a run that has been started is not replaced (D1)', async () => {
    await store.putDefinition(draftOf('a'));
    await startQueued(store, RUN);
    expect(await first.hold(readStatement([FLOW]))).toHaveLength(1);
    const replacing = store.putDefinition(draftOf('b'));
    await first.untilBlocked();
    await first.end('COMMIT');
    expect(await replacing).toMatchObject({ outcome: 'exists', body: bytes('a'), openRuns: 1 });
  });

  test('start × replace: neither waits, and the run that is not there yet finds what replaced it (D1)', async () => {
    await store.putDefinition(draftOf('a'));
    await first.hold(startStatement([startOf(RUN)], { now: undefined, unowned: false }));
    expect(await store.putDefinition(draftOf('b'))).toMatchObject({ outcome: 'stored' });
    await first.end('COMMIT');
    expect(await readOne(store)).toMatchObject({ body: bytes('b') });
    expect(await store.putDefinition(draftOf('c'))).toMatchObject({ outcome: 'exists', openRuns: 1 });
  });

  test('a definition and the first route of its name are seen together (D2)', async () => {
    await first.hold(putStatement(definitionOf('a', { firstRoute: bytes('1') }), undefined));
    expect(await store.listDefinitions('default')).toEqual({ revision: 0, definitions: [], routes: [] });
    await first.end('COMMIT');
    const { revision, definitions, routes } = await store.listDefinitions('default');
    expect([revision, definitions.length, routes.length]).toEqual([1, 1, 1]);
  });
});
