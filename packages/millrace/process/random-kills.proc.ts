import { randomInt } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { chance } from './rig/chance.ts';
import { judge, type Verdict } from './judge/judge.ts';
import { canOpen, openRig, type Client, type Rig } from './rig/rig.ts';
import type { StoreKind } from './rig/place.ts';
import { until } from './rig/wait.ts';
import type { WorkerProcess } from './rig/worker-process.ts';
import { calmItems, type Item } from './worker/workload.ts';

const KILLS = 16;
/** A kill comes after at most this many further attempts of steps. */
const ATTEMPTS_PER_KILL = 30;
const SEED = process.env['SEED'] ?? String(randomInt(1_000_000));

let rig: Rig;
afterEach(() => rig.end());

describe.each([
  ['sqlite', 2],
  ['postgres', 3],
] as const)('on %s', (kind, size) => {
  test.skipIf(!canOpen(kind))(
    `${size} engines that are killed at random lose nothing, SEED=${SEED}`,
    async () => {
      const { verdict, items } = await killAtRandom(kind, size);
      const { violations, figures } = verdict;
      console.log(`${kind}, ${KILLS} kills, SEED=${SEED}: ${JSON.stringify(figures)}`);
      expect(violations).toEqual([]);
      expect(figures.started).toBe(items);
      expect(figures.takeovers, 'no engine was seen to be gone').toBeGreaterThan(0);
      expect(figures.attempts, 'no attempt was cut short').toBeGreaterThan(figures.outcomes);
    },
  );
});

async function killAtRandom(kind: StoreKind, size: number): Promise<{ verdict: Verdict; items: number }> {
  rig = await openRig(kind);
  let born = 0;
  const spawn = (): WorkerProcess => rig.worker({ name: `engine-${born++}` });
  const engines = Array.from({ length: size }, spawn);
  await Promise.all(engines.map((engine) => engine.untilMark('ready')));
  const client = await rig.client();
  let round = 0;
  const items: Item[] = [];
  let clients: Promise<void> = Promise.resolve();
  const startMore = (): void => {
    const more = calmItems(`round-${round++}`, 1);
    items.push(...more);
    const before = clients;
    clients = client.perform(more).then(() => before);
    // Looked at in the end; a client that fails early must not end the test run.
    clients.catch(() => undefined);
  };

  startMore();
  for (let kill = 0; kill < KILLS; kill++) {
    const roll = (what: string, below: number): number => Math.floor(chance(SEED, kind, what, kill) * below);
    const more = 1 + roll('attempts', ATTEMPTS_PER_KILL);
    startMore();
    // oxlint-disable-next-line no-await-in-loop -- one kill after the other
    await untilAttempts(more, client);
    const place = roll('victim', size);
    const victim = engines[place];
    victim?.kill('SIGKILL');
    // oxlint-disable-next-line no-await-in-loop
    expect(await victim?.ended, `kill ${kill}`).toEqual({ code: null, signal: 'SIGKILL' });
    engines[place] = spawn();
  }
  await clients;
  await client.untilNothingIsOpen();

  return { verdict: await judge(rig), items: items.length };
}

/** Kills aim at work, not at the clock. Work may end before: then that is enough. */
async function untilAttempts(more: number, client: Client): Promise<void> {
  const count = (): number => rig.entries().filter(({ kind }) => kind === 'begin').length;
  const before = count();
  await until(`${more} further attempts`, async () => {
    if (count() >= before + more) return true;
    return (await client.millrace.runs({ status: ['running', 'queued'], limit: 1 })).runs.length === 0;
  });
}
