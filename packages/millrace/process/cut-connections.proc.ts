import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../testbed/proxy/postgres-frames.ts';
import { postgresUrl } from '../testbed/postgres-url.ts';
import { startTcpProxy, type CutPlan, type TcpProxy } from '../testbed/proxy/tcp-proxy.ts';
import { judge } from './judge/judge.ts';
import { openRig, type Client, type Rig } from './rig/rig.ts';
import { calmItems } from './worker/workload.ts';

interface Write {
  name: string;
  statement: RegExp;
  /** Such calls are made again and again; only those that found something count, and that have so many rows. */
  rowsMin?: number;
  /** It is repeated as it was, so an early sending may arrive after a later one. */
  repeated?: true;
}

/** Every kind of write that a workload makes. */
const WRITES: readonly Write[] = [
  { name: 'starts', statement: /start_v\d/, repeated: true },
  { name: 'plans', statement: /commit_v\d/, repeated: true },
  { name: 'messages', statement: /deliver_v\d/, repeated: true },
  { name: 'claims', statement: /claim_v\d/, rowsMin: 1 },
  { name: 'wakes', statement: /wake_v\d/, rowsMin: 3 },
  { name: 'beats', statement: /beat_seq \+ 1/, repeated: true },
  { name: 'hints', statement: /pg_notify/ },
  { name: 'the end of transactions', statement: /^COMMIT$/ },
];
const WHENS = ['before-commit', 'after-commit', 'late'] as const;
const CUTS = 3;
const LEASE_MS = 1500;

let rig: Rig;
let proxy: TcpProxy;
beforeEach(async () => {
  const { hostname, port } = new URL(postgresUrl ?? '');
  proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  rig = await openRig('postgres');
});
afterEach(async () => {
  await rig.end();
  await proxy.close();
});

describe.skipIf(postgresUrl === undefined)('an engine whose line to PostgreSQL is cut', () => {
  test.for(WRITES)(
    'at $name finds out what became of them',
    async ({ name, statement, rowsMin = 0, repeated }) => {
      const engine = rig.worker({ name: 'engine', store: proxy.through(rig.url) });
      await engine.untilMark('ready');
      const client = await rig.client(proxy.through(rig.url));
      const outcomes: Record<CutPlan['when'], Outcome[]> = {
        'before-commit': [],
        'after-commit': [],
        late: [],
      };
      for (const when of WHENS) {
        if (when === 'late' && repeated !== true) continue;
        for (let cut = 0; cut < CUTS; cut++) {
          // oxlint-disable-next-line no-await-in-loop -- one cut after the other
          outcomes[when].push(await cutUnderLoad(client, { statement, when, rowsMin }));
        }
      }
      await client.untilNothingIsOpen();
      const { violations, figures } = await judge(rig);
      console.log(`cuts at ${name}: ${JSON.stringify({ ...outcomes, ...figures })}`);
      expect(violations).toEqual([]);
      expect(figures.refused, 'an engine did not know its own plan').toBe(0);
      expect(outcomes['before-commit']).toEqual(['aborted', 'aborted', 'aborted']);
      expect(outcomes['after-commit']).toEqual(['committed', 'committed', 'committed']);
      expect(outcomes.late, 'what came late').toHaveLength(repeated === true ? CUTS : 0);
      expect(figures.started).toBeGreaterThanOrEqual(CUTS * 2);
    },
  );
});

describe.skipIf(postgresUrl === undefined)('an engine whose line to PostgreSQL goes nowhere', () => {
  test('loses its runs to another and is refused when the line is back', async () => {
    const gate = join(rig.folder, 'gate');
    const lost = rig.worker({ name: 'lost', store: proxy.through(rig.url), leaseMs: LEASE_MS });
    await lost.untilMark('ready');
    const client = await rig.client();
    const input = { gate, size: 2 };
    await client.perform([{ workflow: 'gated', key: 'gated', input, signals: 0 }]);
    await lost.untilBegins(1);
    const other = rig.worker({ name: 'other', leaseMs: LEASE_MS });
    await other.untilMark('ready');

    proxy.setCondition('blackhole');
    await other.untilEntry('a take-over', () => other.logs('engine lost is gone').length > 0);
    // Both have it now, and both go on when the gate opens.
    await other.untilBegins(1);
    writeFileSync(gate, '');
    await client.untilNothingIsOpen();
    await lost.untilEntry('the end of its step', (entries) => entries.some(({ kind }) => kind === 'end'));
    proxy.setCondition('pass');
    expect(proxy.cutAll()).toBeGreaterThan(0);

    await lost.untilEntry('its return', () => lost.logs('it comes back as new').length > 0);
    other.kill('SIGTERM');
    expect(await other.ended).toEqual({ code: 0, signal: null });
    await client.perform(calmItems('later', 1));
    await client.untilNothingIsOpen();
    const { violations, figures } = await judge(rig, { overlapping: true });
    console.log(`blackhole: ${JSON.stringify(figures)}`);
    expect(violations).toEqual([]);
    expect(lost.logs('was refused').length).toBeGreaterThan(0);
    expect(figures.takeovers).toBe(1);
    expect(lost.begins().length).toBeGreaterThan(2);
  });

  test('that is slow, but faster than its lease, keeps its runs', async () => {
    proxy.setCondition({ latencyMs: 60 });
    const slow = rig.worker({ name: 'slow', store: proxy.through(rig.url), leaseMs: LEASE_MS });
    const other = rig.worker({ name: 'other', leaseMs: LEASE_MS, concurrency: 2 });
    await Promise.all([slow.untilMark('ready'), other.untilMark('ready')]);
    const client = await rig.client();
    for (let round = 0; slow.begins().length < 20; round++) {
      // oxlint-disable-next-line no-await-in-loop -- round after round
      await client.perform(calmItems(`round-${round}`, 2));
      // oxlint-disable-next-line no-await-in-loop -- round after round
      await client.untilNothingIsOpen();
    }
    const { violations, figures } = await judge(rig);
    console.log(`latency: ${JSON.stringify(figures)}`);
    expect(violations).toEqual([]);
    expect(figures.takeovers).toBe(0);
    expect(figures.refused).toBe(0);
  });
});

let rounds = 0;

/** Starts runs until the cut has been made, and lets them end. */
async function cutUnderLoad(client: Client, plan: CutPlan): Promise<Outcome> {
  const fired: Outcome[] = [];
  const cut = proxy.cutAt(plan).then((outcome) => {
    fired.push(outcome);
    return outcome;
  });
  while (fired.length === 0) {
    // oxlint-disable-next-line no-await-in-loop -- round after round
    await client.perform(calmItems(`round-${rounds++}`, 1));
    // oxlint-disable-next-line no-await-in-loop -- round after round
    await client.untilNothingIsOpen();
  }
  return cut;
}
