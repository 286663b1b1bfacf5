import { Client } from 'pg';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { open, sharedStore } from '../../testbed/engines/engines.ts';
import { ALLOWED, countIdle, IDLE, isBeat, tap, type Tap } from '../../testbed/engines/idle.ts';
import { usePostgres } from '../../testbed/engines/postgres.ts';
import { postgresUrl } from '../../testbed/postgres-url.ts';
import { workflow } from '../index.ts';

const echo = workflow('echo', (_ctx, input: unknown) => input);

function watch(): Tap {
  const watched = tap();
  const { query } = Client.prototype;
  vi.spyOn(Client.prototype, 'query').mockImplementation(function (this: Client, ...given: unknown[]) {
    const [first] = given;
    watched.sent.push(typeof first === 'string' ? first : (first as { text: string }).text);
    return Reflect.apply(query, this, given) as never;
  });
  return watched;
}

afterEach(() => void vi.restoreAllMocks());

describe.skipIf(postgresUrl === undefined)('an idle engine on PostgreSQL', () => {
  usePostgres(postgresUrl ?? '');

  test('asks little more than its beats', { timeout: 90_000 }, async () => {
    const store = sharedStore();
    const watched = watch();
    await open({ ...IDLE, store, workflows: [echo] });
    const asked = await countIdle(watched);
    expect(asked.length, asked.join('\n')).toBeLessThanOrEqual(ALLOWED);
  });

  test('finds by its beat what no hint has announced', { timeout: 60_000 }, async () => {
    const store = sharedStore();
    const watched = watch();
    await open({ ...IDLE, store, workflows: [echo] });
    await watched.untilBeats(5);
    const client = await open({ store, work: false });
    const { hints } = client.store;
    if (hints === undefined) throw new Error('there are hints on PostgreSQL');
    vi.spyOn(hints, 'send').mockReturnValue();
    const run = await client.start(echo, 17);
    watched.sent.length = 0;
    expect(await run.result()).toBe(17);
    expect(watched.sent.filter(isBeat).length, 'the next beat told').toBeLessThanOrEqual(2);
  });
});
