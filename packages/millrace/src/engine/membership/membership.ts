import type { Beat } from '../../store/port/store.ts';
import type { Engine } from '../engine.ts';
import { startLoop, type Loop } from '../loop.ts';
import { createElection, type Election } from './election.ts';
import { createObserver } from './observer.ts';
import { retire } from './retire.ts';
import { createTakeOver } from './take-over.ts';

export interface Membership extends Loop, Pick<Election, 'leader'> {
  /** Announces this incarnation; resolves when its row is there and the store's clock is known. */
  join(): Promise<void>;
  /** Whether the last renewal is recent enough to take on more work. */
  isConfirmed(): boolean;
  /** Says goodbye: what is still owned is requeued at once and nobody is suspected. */
  leave(): Promise<void>;
}

/**
 * Renews this incarnation's beat, watches the others', and does what a beat tells.
 *
 *   M1  Another incarnation is retired only after its beat stood still for a whole lease on this process's monotonic
 *       clock, seen by beats of this process that never paused: an outage of the store or a pause here starts anew.
 *   M2  A dead pid on this very host and boot, or a lost session, is a suspicion: it shortens the wait, it never
 *       replaces it.
 *   M3  Safety does not depend on any of this: a wrongly retired engine finds its plans refused (store, I9).
 *   M4  An incarnation that is retired and still owns runs was left half done: whoever sees it goes on.
 */
export function startMembership(engine: Engine): Membership {
  const { ports, options } = engine;
  const observer = createObserver(ports, options);
  const takeOver = createTakeOver(engine);
  const election = createElection(engine);
  let confirmedAt = Number.NEGATIVE_INFINITY;
  let latencyMs = 0;

  const join = async (): Promise<void> => {
    const { host, bootId, pid } = ports.host;
    const { name } = options;
    await engine.store.register({
      engineId: engine.engineId,
      name,
      host,
      bootId,
      pid,
      profile: engine.profile(),
    });
    await beat();
  };

  const beat = async (): Promise<Beat | undefined> => {
    const sent = ports.clock.mono();
    const load = engine.loadReport(latencyMs);
    ports.heart?.note(engine.engineId, load);
    const answer = await engine.store.beat(engine.engineId, load, engine.scope());
    ports.crashPoint('beat.after-send');
    const received = ports.clock.mono();
    engine.clock.sample(sent, received, answer.storeTime);
    if (!answer.alive) return undefined;
    confirmedAt = sent;
    latencyMs = received - sent;
    return answer;
  };

  const heed = async ({ engines, leader, settings, storeTime, work }: Beat): Promise<void> => {
    engine.hearWork(work);
    if (engines.some(({ engineId, drain }) => drain && engineId === engine.engineId)) engine.drain();
    const gone = await takeOver(observer.judge({ engines, ownId: engine.engineId, storeTime }));
    const live = engines.filter(({ engineId, retired }) => !retired && !gone.has(engineId));
    await election.see(leader, live);
    await engine.settings.follow(settings);
    // What could not be executed here may wait for it.
    if (await engine.repertoire.library?.follow(settings)) engine.claimer.nudge();
    engine.placing?.see(live, storeTime);
  };

  const tick = async (): Promise<number> => {
    const answer = await beat();
    if (answer === undefined) {
      await engine.rejoin();
      return 0;
    }
    await heed(answer);
    return options.failover ? Math.min(options.beatMs, observer.soonestJudgement()) : options.beatMs;
  };
  const loop = startLoop(ports, 'beat', tick, options.beatMs);
  return {
    ...loop,
    join,
    leader: () => election.leader(),
    isConfirmed: () => ports.clock.mono() - confirmedAt < options.leaseMs / 2,
    async leave() {
      const { engineId } = engine;
      const stopped = ports.heart?.stop();
      await retire(engine.store, { engineId, deathLimit: options.deathLimit, harmless: true, by: engineId });
      await stopped;
    },
  };
}
