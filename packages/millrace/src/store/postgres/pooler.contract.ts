import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPgbouncer, type Pooler, startPooler } from '../../../testbed/pgbouncer.ts';
import { closeSubjects, openSubject } from '../../../testbed/postgres-subject.ts';
import { createDatabase, type TestDatabase } from '../../../testbed/postgres-database.ts';
import { postgresUrl } from '../../../testbed/postgres-url.ts';
import { storeContract } from '../contract/store-contract.ts';
import type { Hint } from '../port/store.ts';
import { openPostgres } from './open-postgres.ts';

describe.skipIf(postgresUrl === undefined || findPgbouncer() === undefined)('behind a pooler', () => {
  let pooler: Pooler;
  const through = ({ url }: TestDatabase) => {
    const route = new URL(url);
    route.port = String(pooler.port);
    return route.href;
  };

  beforeAll(async () => {
    pooler = await startPooler(postgresUrl ?? '');
  });
  afterAll(async () => {
    await closeSubjects();
    await pooler.stop();
  });

  storeContract('postgres through a transaction-mode pooler', () => openSubject(postgresUrl ?? '', through));

  test('hints that nobody hears are no error, and direct listeners hear them', async () => {
    const database = await createDatabase(postgresUrl ?? '');
    const pooled = await openPostgres({ url: through(database) });
    const direct = await openPostgres({ url: database.url });
    const heard: Hint[] = [];
    const all = new Promise<void>((resolve) => {
      const undo = direct.hints?.receive((hint) => {
        if ('engineId' in hint) heard.push(hint);
        else for (const kind of ['inbox', 'assigned'] as const) pooled.hints?.send({ kind, engineId: 'e' });
        if (heard.length === 2) resolve();
      });
      expect(undo).toBeTypeOf('function');
    });
    pooled.hints?.receive(() => undefined);
    await all;
    expect(new Set(heard.map(({ kind }) => kind))).toEqual(new Set(['inbox', 'assigned']));
    expect(heard).toContainEqual({ kind: 'assigned', engineId: 'e' });
    await pooled.close();
    await direct.close();
    await database.drop();
  });
});
