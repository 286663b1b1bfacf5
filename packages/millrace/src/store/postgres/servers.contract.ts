import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { findReplication } from '../../../testbed/postgres-binaries.ts';
import { createDatabase } from '../../../testbed/postgres-database.ts';
import { startPostgresPair, type PostgresPair } from '../../../testbed/postgres-pair.ts';
import { ask } from '../../../testbed/postgres-subject.ts';
import { startTcpProxy } from '../../../testbed/proxy/tcp-proxy.ts';
import { boot, startOne } from '../contract/samples.ts';
import type { Hint, Store } from '../port/store.ts';
import { openPostgres } from './open-postgres.ts';

const eventually = { interval: 20, timeout: 10_000 } as const;
/** Nobody listens there. */
const NOBODY = '127.0.0.1:1';

describe.skipIf(findReplication() === undefined)('a store with several servers', () => {
  let pair: PostgresPair;
  let url: string;
  const opened: Store[] = [];
  const open = async (hosts: string, more = ''): Promise<Store> => {
    const store = await openPostgres({ url: `${url.replace(/@[^/]*\//, `@${hosts}/`)}${more}` });
    opened.push(store);
    return store;
  };
  const [primary, standby] = [() => `127.0.0.1:${pair.primary.port}`, () => `127.0.0.1:${pair.standby.port}`];
  const set = async (sql: string): Promise<void> => {
    await ask(pair.primary.url, sql);
    await ask(pair.primary.url, 'SELECT pg_reload_conf()');
  };

  beforeAll(async () => {
    pair = await startPostgresPair();
    ({ url } = await createDatabase(pair.primary.url));
    await (await open(primary())).migrate();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });
  afterAll(() => pair.remove());

  test('uses the first that takes writes', async () => {
    for (const hosts of [
      `${primary()},${standby()}`,
      `${standby()},${primary()}`,
      `${NOBODY},${standby()},${primary()}`,
    ]) {
      const store = await open(hosts);
      expect(await startOne(store), hosts).toMatchObject({ outcome: 'started' });
    }
  });

  test('says of each why none can be used', async () => {
    const refused = await open(`${NOBODY},${standby()}`).catch((error: unknown) => error);
    expect(refused).toMatchObject({ failure: 'congestion' });
    expect(String(refused)).toMatch(/no server can be used: .*ECONNREFUSED.*; .*takes no writes/);
  });

  test('asks a single server too, if the address says so', async () => {
    await expect(open(standby(), '?target_session_attrs=read-write')).rejects.toThrow('takes no writes');
    await open(primary(), '?target_session_attrs=read-write');
  });

  test('leaves a server that stops taking writes, and comes back when there is no better one', async () => {
    const store = await open(`${primary()},${standby()}`);
    await Promise.all([1, 2, 3].map(() => startOne(store)));
    await set('ALTER SYSTEM SET default_transaction_read_only = on');
    await expect.poll(() => startOne(store).catch(String), eventually).toMatch(/read-only/);
    await expect(startOne(store)).rejects.toThrow(
      /no server can be used: .*takes no writes.*; .*takes no writes/,
    );
    await set('ALTER SYSTEM RESET default_transaction_read_only');
    await expect.poll(() => startOne(store).catch(String), eventually).toMatchObject({ outcome: 'started' });
  });

  test('leaves a server whose machine is gone without a word, with all connections to it', async () => {
    const proxy = await startTcpProxy({ host: '127.0.0.1', port: pair.primary.port });
    try {
      const store = await openPostgres({
        url: url.replace(/@[^/]*\//, `@127.0.0.1:${proxy.port},${primary()}/`),
        callTimeoutMs: 500,
      });
      opened.push(store);
      await Promise.all([1, 2, 3].map(() => startOne(store)));
      proxy.setCondition('blackhole');
      await expect(startOne(store)).rejects.toMatchObject({ failure: 'ambiguous' });
      expect(await startOne(store)).toMatchObject({ outcome: 'started' });
    } finally {
      await proxy.close();
    }
  });

  test('goes on at a standby that was promoted, with all that was acknowledged', async () => {
    const store = await open(`${primary()},${standby()}`);
    const heard: Hint[] = [];
    store.hints?.receive((hint) => heard.push(hint));
    const engineId = await boot(store);
    const { runId } = await startOne(store);
    await expect.poll(() => heard.length, eventually).toBeGreaterThan(0);

    await pair.primary.stop('kill');
    await expect(startOne(store)).rejects.toMatchObject({
      failure: expect.stringMatching(/ambiguous|congestion/),
    });
    await pair.promote();
    await expect.poll(() => startOne(store).catch(String), eventually).toMatchObject({ outcome: 'started' });
    expect(await store.readRuns([{ runId }])).toMatchObject([{ runId, status: 'queued' }]);
    expect(await store.beat(engineId, new Uint8Array())).toMatchObject({ alive: true });

    // Hints go through the new primary, from others too.
    heard.length = 0;
    const other = await open(standby());
    await expect
      .poll(() => {
        other.hints?.send({ kind: 'assigned', engineId });
        return heard.some(({ kind }) => kind === 'assigned');
      }, eventually)
      .toBe(true);
  });
});
