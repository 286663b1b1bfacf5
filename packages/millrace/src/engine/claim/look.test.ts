import { beforeEach, describe, expect, it } from 'vitest';
import type { Work } from '../../store/port/store.ts';
import { StoreError } from '../../store/port/errors.ts';
import { createRandom } from '../../testing/virtual/random.ts';
import { createActor, createScheduler, type Scheduler } from '../../testing/virtual/scheduler.ts';
import { virtualPorts } from '../../testing/virtual/ports.ts';
import type { Engine } from '../engine.ts';
import type { Loop } from '../loop.ts';
import { createWord, startLook } from './look.ts';

const NOTHING: Work = { claimable: false, owns: false, nextWakeAt: undefined };
const SOME: Work = { ...NOTHING, claimable: true };
const IDLE_POLL_MS = 1_000;

let scheduler: Scheduler;
let engine: Pick<Engine, 'ports' | 'options' | 'word'>;
let loop: Loop;
let asked: number;
let fails: boolean;

beforeEach(async () => {
  const random = createRandom('look');
  scheduler = createScheduler(random.fork('ties'));
  const ports = virtualPorts({
    ...{ scheduler, random, actor: createActor('engine') },
    clocks: { wallOffsetMs: 0, monoOffsetMs: 0, drift: 0 },
    host: { host: 'host', bootId: 'boot', pid: 1 },
    isAlive: () => true,
    crashPoint: () => {},
    log: () => {},
  });
  // What a look knows of its engine.
  const options = { idlePollMs: IDLE_POLL_MS } as Engine['options'];
  engine = { ports, options, word: createWord({ ports, options }) };
  asked = 0;
  fails = false;
  loop = startLook(engine as Engine, {
    name: 'claim',
    async ask() {
      asked += 1;
      if (fails) throw new StoreError('congestion', 'away');
      return IDLE_POLL_MS;
    },
    isIdle: ({ claimable }) => !claimable,
  });
  loop.nudge();
  await pass(1);
  asked = 0;
});

async function pass(ms: number): Promise<void> {
  await scheduler.run(() => false, scheduler.now() + ms);
}
/** Beats once a second for so long. */
async function beat(seconds: number, work: Work | undefined): Promise<void> {
  for (let at = 0; at < seconds; at++) {
    engine.word.hear(work);
    await pass(1_000);
  }
}

describe('a look for work', () => {
  it('goes on by itself while no beat tells anything', async () => {
    await beat(10, undefined);
    expect(asked).toBe(10);
  });

  it('asks for nothing while beats tell that there is nothing (L2)', async () => {
    await beat(60, NOTHING);
    expect(asked).toBe(0);
    await beat(3, SOME);
    expect(asked).toBeGreaterThanOrEqual(2);
  });

  it('asks when it is nudged, whatever a beat has told (L1)', async () => {
    await beat(2, NOTHING);
    loop.nudge();
    await pass(1);
    expect(asked).toBe(1);
    loop.within(10);
    await pass(11);
    expect(asked).toBe(2);
    await beat(10, NOTHING);
    expect(asked, 'one reason is one question').toBe(2);
  });

  it('does not go by a word that is old', async () => {
    await beat(1, NOTHING);
    await pass(10 * IDLE_POLL_MS);
    expect(asked).toBeGreaterThanOrEqual(8);
  });

  it('keeps its reason until the store has answered', async () => {
    fails = true;
    engine.word.hear(NOTHING);
    loop.nudge();
    await pass(1);
    fails = false;
    await beat(2, NOTHING);
    expect(asked).toBe(2);
  });
});
