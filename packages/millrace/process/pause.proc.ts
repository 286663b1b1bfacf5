import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { judge } from './judge/judge.ts';
import { untilLateOnce } from './rig/late.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { stop } from './rig/stop.ts';
import { until } from './rig/wait.ts';
import { calmItems, type Item } from './worker/workload.ts';

const LEASE_MS = 1500;
const SIZE = 12;

let rig: Rig;
afterEach(() => rig.end());

/**
 * Waits for the next beat of a worker. One that is stopped then finds, when it goes on, its steps ended before its own
 * next beat is due; the other way round it would learn first that it is dead, drop its runs, and have nothing refused.
 */
async function untilBeat({ store: open }: Rig, name: string): Promise<void> {
  const store = await open();
  const beats = async (): Promise<number | undefined> =>
    (await store.listEngines()).engines.find((engine) => engine.name === name)?.beatSeq;
  const before = await beats();
  await until(`a beat of ${name}`, async () => (await beats()) !== before, undefined, 1);
}

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))('a paused engine cannot commit, and comes back as a new one', async () => {
    rig = await openRig(kind);
    const gate = join(rig.folder, 'gate');
    const paused = rig.worker({ name: 'paused', leaseMs: LEASE_MS });
    await paused.untilMark('ready');
    const client = await rig.client();
    const gated: Item[] = Array.from({ length: SIZE }, (_, at) => ({
      ...{ workflow: 'gated', key: `gated-${at}`, input: { gate, size: 2 }, signals: 0 },
    }));
    await client.perform(gated);
    await paused.untilBegins(SIZE);
    const other = rig.worker({ name: 'other', leaseMs: LEASE_MS });
    await other.untilMark('ready');

    await untilBeat(rig, 'paused');
    await stop(paused, rig.url);
    await other.untilEntry('a take-over', () => other.logs('engine paused is gone').length > 0);
    expect(other.logs('engine paused is gone')[0]?.message).toContain(`${SIZE} runs requeued`);
    // Half of them: the others are tried when these have shown that they kill nobody.
    await other.untilBegins(SIZE / 2);

    // Its steps end now, while the other's are still under way: it may not tell.
    writeFileSync(`${gate}-paused`, '');
    paused.kill('SIGCONT');
    await paused.untilEntry('a refusal', () => paused.logs('was refused').length > 0);
    await paused.untilEntry('its return', () => paused.logs('it comes back as new').length > 0);
    writeFileSync(gate, '');
    await client.untilNothingIsOpen();
    expect(other.logs('was refused'), 'the new owner was kept out').toEqual([]);
    const before = paused.begins().length;
    // Alone, it must work again.
    other.kill('SIGTERM');
    expect(await other.ended).toEqual({ code: 0, signal: null });
    await client.perform(calmItems('later', 1));
    await client.untilNothingIsOpen();

    const { violations, figures } = await judge(rig, { overlapping: true });
    console.log(`${kind}, pause: ${JSON.stringify(figures)}`);
    expect(violations).toEqual([]);
    expect(figures.runs).toBeGreaterThan(SIZE);
    expect(paused.begins().length).toBeGreaterThan(before);
    // Nobody died: nothing is held against the runs that were taken from it.
    const store = await rig.store();
    const { runs } = await store.listRuns({ namespace: 'default', workflow: 'gated', limit: 100 });
    expect(runs.map(({ status }) => status)).toEqual(Array.from({ length: SIZE }, () => 'completed'));
  });

  test.skipIf(!canOpen(kind))(
    'an engine whose event loop stands still loses its lease and recovers',
    async () => {
      rig = await openRig(kind);
      const marker = join(rig.folder, 'marker');
      const blocked = rig.worker({ name: 'blocked', leaseMs: LEASE_MS });
      // Its thread beats in its place for a lease, and no longer.
      const client = await rig.client();
      await untilLateOnce(rig, client, blocked, LEASE_MS);
      const input = { marker, ms: LEASE_MS * 4 };
      await client.perform([{ workflow: 'blocking', key: 'blocking', input, signals: 0 }]);
      await blocked.untilBegins(3);
      const other = rig.worker({ name: 'other', leaseMs: LEASE_MS });
      await other.untilEntry('a take-over', () => other.logs('engine blocked is gone').length > 0);
      await client.millrace.run({ key: 'blocking' }).result({ timeout: 20_000 });
      expect(blocked.logs('it comes back as new'), 'the block was over too soon').toEqual([]);

      await blocked.untilEntry('its return', () => blocked.logs('it comes back as new').length > 0);
      other.kill('SIGTERM');
      expect(await other.ended).toEqual({ code: 0, signal: null });
      await client.perform(calmItems('later', 1));
      await client.untilNothingIsOpen();
      const { violations, figures } = await judge(rig, { overlapping: true });
      console.log(`${kind}, blocked loop: ${JSON.stringify(figures)}`);
      expect(violations).toEqual([]);
      expect(figures.takeovers).toBe(1);
      expect(blocked.begins().length).toBeGreaterThan(4);
    },
  );
});

// On SQLite a transaction is one synchronous call: no pause gets into it that would let others write.
describe.skipIf(!canOpen('postgres'))('on postgres', () => {
  test('a paused transaction leaves no writes behind', async () => {
    rig = await openRig('postgres');
    const gate = join(rig.folder, 'gate');
    const paused = rig.worker({ name: 'paused', leaseMs: LEASE_MS });
    await paused.untilMark('ready');
    const client = await rig.client();
    await client.perform([{ workflow: 'slow-books', key: 'slow', input: { gate }, signals: 0 }]);
    await paused.untilBegins(1);
    const other = rig.worker({ name: 'other', leaseMs: LEASE_MS });
    await other.untilMark('ready');
    await stop(paused, rig.url);
    await other.untilBegins(1);
    writeFileSync(gate, '');
    await client.untilNothingIsOpen();

    paused.kill('SIGCONT');
    await paused.untilEntry('a refusal', () => paused.logs('was refused').length > 0);
    const { violations, figures } = await judge(rig, { overlapping: true });
    expect(violations).toEqual([]);
    expect(await rig.notes(), 'both wrote').toHaveLength(1);
    expect(figures).toMatchObject({ outcomes: 1, attempts: 2, refused: 1, takeovers: 1 });
  });
});
