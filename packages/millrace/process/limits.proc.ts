import { afterEach, describe, expect, test } from 'vitest';
import type { Entry } from './worker/entry.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { until } from './rig/wait.ts';
import type { WorkerProcess } from './rig/worker-process.ts';

const LIMIT = 3;
const RUNS = 40;
const KILLS = 6;
/** A kill comes after so many further attempts of steps. */
const ATTEMPTS_PER_KILL = 8;
const STEPS = { name: 'steps', version: '1' };

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))(
    `a queue lets ${LIMIT} runs be worked on at once and a key 1, whoever is killed meanwhile`,
    async () => {
      rig = await openRig(kind);
      const client = await rig.client();
      await client.millrace.setQueue('default', { maxConcurrent: LIMIT });
      let born = 0;
      const spawn = (): WorkerProcess => rig.worker({ name: `engine-${born++}` });
      const engines = Array.from({ length: 3 }, spawn);
      await Promise.all(engines.map((engine) => engine.untilMark('ready')));
      const keyed = new Set<string>();
      const starts = Array.from({ length: RUNS }, async (_, at) => {
        const limits = at % 2 === 0 ? [{ key: 'ada', max: 1 }] : [];
        const { runId } = await client.millrace.start(STEPS, 3, { limits });
        if (limits.length > 0) keyed.add(runId);
      });
      await Promise.all(starts);

      const deaths = new Map<number, number>();
      for (let kill = 0; kill < KILLS; kill++) {
        const before = begins().length;
        // oxlint-disable no-await-in-loop -- one kill after the other
        await until('further attempts', () => begins().length >= before + ATTEMPTS_PER_KILL);
        const place = kill % engines.length;
        const victim = engines[place] as WorkerProcess;
        victim.kill('SIGKILL');
        await victim.ended;
        deaths.set(victim.pid, Number(process.hrtime.bigint()) / 1e6);
        engines[place] = spawn();
        // oxlint-enable no-await-in-loop
      }
      await client.untilNothingIsOpen(60_000);

      const spans = spansOf(rig.entries(), deaths);
      expect(spans, 'every run was worked on').toHaveLength(RUNS);
      const most = mostAtOnce(spans);
      const ofKey = mostAtOnce(spans.filter(({ runId }) => keyed.has(runId)));
      console.log(
        `${kind}: ${KILLS} kills, ${begins().length} attempts, at most ${most} and ${ofKey} at once`,
      );
      expect(most, 'the limit was reached, and never passed').toBe(LIMIT);
      expect(ofKey).toBe(1);
      const ended = await client.millrace.runs({ status: ['completed'], limit: 1_000 });
      expect(ended.runs).toHaveLength(RUNS);
      // Nothing leaked: no grant is left, and a run of the key begins at once.
      expect(await client.millrace.limits()).toMatchObject([{ name: 'default', inUse: 0, holders: [] }]);
      const last = await client.millrace.start(STEPS, 1, { limits: [{ key: 'ada', max: 1 }] });
      await last.result({ timeout: '10s' });
    },
    120_000,
  );
});

function begins(): Entry[] {
  return rig.entries().filter(({ kind }) => kind === 'begin');
}

/** When a run was worked on, as the ledgers outside have it: from its first attempt to the end of its last. */
interface Span {
  runId: string;
  from: number;
  to: number;
}

/** An attempt that was cut short ended with its process. */
function spansOf(entries: readonly Entry[], deaths: ReadonlyMap<number, number>): Span[] {
  const ends = new Map(
    entries.flatMap((entry) => (entry.kind === 'end' ? [[entry.nonce, entry.at] as const] : [])),
  );
  const spans = new Map<string, Span>();
  for (const entry of entries) {
    if (entry.kind !== 'begin') continue;
    const { runId, nonce, pid, at } = entry;
    const to = ends.get(nonce) ?? deaths.get(pid);
    if (to === undefined) throw new Error(`attempt ${nonce} of run ${runId} has no end`);
    const span = spans.get(runId) ?? { runId, from: at, to };
    spans.set(runId, { runId, from: Math.min(span.from, at), to: Math.max(span.to, to) });
  }
  return [...spans.values()];
}

function mostAtOnce(spans: readonly Span[]): number {
  return Math.max(
    0,
    ...spans.map(({ from }) => spans.filter((span) => span.from <= from && from < span.to).length),
  );
}
