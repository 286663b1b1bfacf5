import { afterEach, describe, expect, test } from 'vitest';
import type { CrashPoint } from '../src/engine/ports.ts';
import { judge } from './judge/judge.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { calmItems } from './worker/workload.ts';

/** At which passes of the point a process dies, and what it needs to come there. */
interface Death {
  passes: readonly number[];
  /** Another process died before and left it work. */
  heir?: true;
  /** It is asked to leave while it works. */
  leaving?: true;
}

/** Retries have a test of their own (retry.proc.ts). */
type Place = Exclude<CrashPoint, 'retry.after-child'>;

const DEATHS: Record<Place, Death> = {
  'start.before-commit': { passes: [1] },
  'start.after-commit-before-reply': { passes: [1] },
  'claim.after-commit-before-dispatch': { passes: [1], heir: true },
  'step.before-user': { passes: [1, 13] },
  'step.during-user': { passes: [1, 13] },
  'step.after-user-before-report': { passes: [1, 13] },
  'commit.before': { passes: [1, 4, 9] },
  'commit.after-before-act': { passes: [1, 4, 9] },
  'turn.after-replay': { passes: [1, 3], heir: true },
  'timer.after-wake': { passes: [1] },
  'signal.after-commit-before-reply': { passes: [1, 2] },
  'child.after-commit': { passes: [1] },
  'continue.after-commit': { passes: [1] },
  'beat.after-send': { passes: [1, 3] },
  'retire.after-detect': { passes: [1], heir: true },
  'retire.after-requeue': { passes: [1], heir: true },
  'migrate.mid': { passes: [1] },
  'drain.mid': { passes: [1], leaving: true },
};
const PLACES = Object.entries(DEATHS).flatMap(([point, { passes }]) =>
  passes.map((pass) => `${point}:${pass}`),
);

const ITEMS = calmItems('k', 1);

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s, a process that dies', (kind) => {
  test.skipIf(!canOpen(kind)).for(PLACES)('at %s loses nothing and repeats no record', async (place) => {
    rig = await openRig(kind);
    const { heir, leaving } = DEATHS[place.split(':')[0] as Place];
    if (heir === true) await dieAt('commit.after-before-act:4');
    await dieAt(place, leaving);

    const survivor = rig.worker({ name: 'survivor', items: ITEMS });
    const exit = await survivor.ended;
    expect(survivor.said()).toBe('');
    expect(exit).toEqual({ code: 0, signal: null });
    const { violations, figures } = await judge(rig);
    expect(violations).toEqual([]);
    expect(figures.started).toBe(ITEMS.length);
    expect(figures.outcomes).toBeGreaterThan(20);
  });
});

async function dieAt(crashPoint: string, leaving = false): Promise<void> {
  const victim = rig.worker({ name: 'victim', items: ITEMS, crashPoint });
  if (leaving) {
    await victim.untilBegins(4);
    victim.kill('SIGTERM');
  }
  expect(await victim.ended).toEqual({ code: null, signal: 'SIGKILL' });
  expect(victim.said()).toBe(`crash point ${crashPoint}\n`);
}
