import type { Tally } from '../check/tally.ts';
import type { Trace } from '../check/trace.ts';
import type { Watched, Watcher } from '../check/watcher.ts';
import { StoreError } from '../../store/port/errors.ts';
import { EPOCH_MS } from '../virtual/ports.ts';
import type { Actor, Scheduler } from '../virtual/scheduler.ts';
import type { Fate, Faults } from './faults.ts';

/** A store call on its way. */
export interface Call<R> {
  actor: Actor;
  name: string;
  act(): Promise<R>;
  /** Looks at what was done; returns the runs that it may have changed. Reads have none. */
  inspect?: ((result: R, rows: ReadonlyMap<string, Watched>) => readonly string[]) | undefined;
  /** Store time at which the news of this run left the process, where that was before this very call. */
  newsAt?: ((runId: string) => number | undefined) | undefined;
  describe?: ((result: R) => string) | undefined;
}

type Outcome<R> = { value: R } | { error: unknown };

/**
 * The way between processes and the one database: each call travels, is executed at one instant, and its answer
 * travels back. On the way everything may happen that `Faults` draws.
 *
 *   S1  A call is executed at most once, whatever its caller is told.
 *   S2  What a process asked for before it died is executed or not; its answer reaches nobody.
 *   S3  Every execution is watched, those of dead callers too.
 */
export interface Network {
  send<R>(call: Call<R>): Promise<R>;
  /** Store time: whole milliseconds. */
  now(): number;
  /** Calls wait until it is over. */
  stall(forMs: number): void;
  /** Calls are refused until it is over. */
  goAway(forMs: number): void;
  /** Neither calls of this process nor their answers come through until it is over. */
  cut(actor: Actor, forMs: number): void;
  isCut(actor: Actor): boolean;
  heal(): void;
  /** The first invariant that broke. */
  failure(): Error | undefined;
  executed(): number;
}

export interface NetworkParts {
  watcher: Watcher;
  scheduler: Scheduler;
  faults: Faults;
  tally: Tally;
  trace: Trace;
}

export function createNetwork(parts: NetworkParts): Network {
  return new SimulatedNetwork(parts);
}

/** How often a call that is held up looks whether it may go on. */
const STALL_LOOK_MS = 100;

class SimulatedNetwork implements Network {
  private readonly parts: NetworkParts;
  private stalledUntil = 0;
  private awayUntil = 0;
  private readonly cutUntil: Map<Actor, number> = new Map();
  private broken: Error | undefined;
  private count = 0;

  constructor(parts: NetworkParts) {
    this.parts = parts;
  }

  now(): number {
    return EPOCH_MS + Math.floor(this.parts.scheduler.now());
  }
  stall(forMs: number): void {
    this.stalledUntil = this.parts.scheduler.now() + forMs;
  }
  goAway(forMs: number): void {
    this.awayUntil = this.parts.scheduler.now() + forMs;
  }
  cut(actor: Actor, forMs: number): void {
    this.cutUntil.set(actor, this.parts.scheduler.now() + forMs);
  }
  isCut(actor: Actor): boolean {
    return this.parts.scheduler.now() < (this.cutUntil.get(actor) ?? 0);
  }
  heal(): void {
    this.cutUntil.clear();
    this.stalledUntil = 0;
    this.awayUntil = 0;
  }
  failure(): Error | undefined {
    return this.broken;
  }
  executed(): number {
    return this.count;
  }

  send<R>(call: Call<R>): Promise<R> {
    const { scheduler, faults, trace } = this.parts;
    return new Promise<R>((resolve, reject) => {
      const { actor, name } = call;
      if (actor.state === 'down') return;
      const fate = faults.ofCall(name);
      const back = (act: () => void): void => void scheduler.after(fate.backMs, actor, act);
      const trip: Trip<R> = {
        fate,
        sentAt: this.now(),
        give: (outcome) =>
          back(() => {
            if (this.isCut(actor)) return reject(this.lost(`${actor.name} ${name}`));
            if ('value' in outcome) resolve(outcome.value);
            else reject(asError(outcome.error));
          }),
        refuse: (error) => {
          trace.add(this.now(), `${actor.name} ${name} ${error.failure}: ${error.message}`);
          back(() => reject(error));
        },
      };
      scheduler.after(fate.thereMs, actorOf(call), () => void this.arrive(call, trip));
    });
  }

  private async arrive<R>(call: Call<R>, trip: Trip<R>): Promise<void> {
    const { scheduler, faults } = this.parts;
    const { fate, sentAt, give, refuse } = trip;
    if (call.actor.state === 'down' && !faults.survivesCrash()) return;
    const now = scheduler.now();
    if (now < this.stalledUntil) {
      // The stall may end before its time.
      scheduler.after(
        Math.min(this.stalledUntil - now, STALL_LOOK_MS),
        actorOf(call),
        () => void this.arrive(call, trip),
      );
      return;
    }
    if (this.isCut(call.actor)) return refuse(new StoreError('congestion', 'the store cannot be reached'));
    if (now < this.awayUntil) return refuse(new StoreError('congestion', 'the store is away'));
    switch (fate.fault) {
      case 'refused':
        return refuse(new StoreError('congestion', 'the store refuses connections'));
      case 'deadlock':
        return refuse(new StoreError('definite', 'deadlock detected', { retryable: true }));
      case 'ambiguous-lost':
        return refuse(new StoreError('ambiguous', 'the connection was lost'));
      case 'ambiguous-applied':
        await this.execute(call, sentAt);
        return refuse(new StoreError('ambiguous', 'the connection was lost'));
      case 'late':
        refuse(new StoreError('ambiguous', 'no answer in time'));
        scheduler.after(fate.lateMs, undefined, () => void this.executeLate(call, sentAt));
        return;
      case 'slow':
      case undefined:
        return give(await this.execute(call, sentAt));
    }
  }

  /** It was done, but its caller does not hear of it. */
  private lost(what: string): StoreError {
    const { tally, trace } = this.parts;
    tally.add('answer cut off');
    trace.add(this.now(), `${what} ambiguous: cut off`);
    return new StoreError('ambiguous', 'the connection was cut');
  }

  private async execute<R>(call: Call<R>, sentAt: number): Promise<Outcome<R>> {
    const { watcher, trace } = this.parts;
    this.count++;
    const outcome = await outcomeOf(call);
    const said = 'value' in outcome ? (call.describe?.(outcome.value) ?? '') : String(outcome.error);
    const line = `${call.actor.name} ${call.name} ${said}`;
    if (said === '') trace.addIdle(this.now(), line);
    else trace.add(this.now(), line);
    if ('error' in outcome || call.inspect === undefined) return outcome;
    try {
      const touched = call.inspect(outcome.value, watcher.runs);
      await watcher.afterWrite(call.name, touched, (runId) => call.newsAt?.(runId) ?? sentAt);
    } catch (error) {
      this.broken ??= asError(error);
    }
    return outcome;
  }

  private async executeLate<R>(call: Call<R>, sentAt: number): Promise<void> {
    const { tally } = this.parts;
    const rejections = (): number => tally.get('plan conflict') + tally.get('plan already');
    const before = rejections();
    await this.execute(call, sentAt);
    if (call.name === 'commit')
      tally.add(rejections() > before ? 'late call rejected' : 'late call accepted');
  }
}

interface Trip<R> {
  fate: Fate;
  sentAt: number;
  give(outcome: Outcome<R>): void;
  refuse(error: StoreError): void;
}

/** An author's function runs in the caller's process: while that is paused, so is the call. */
function actorOf(call: { name: string; actor: Actor }): Actor | undefined {
  return call.name === 'transact' ? call.actor : undefined;
}

async function outcomeOf<R>(call: Call<R>): Promise<Outcome<R>> {
  try {
    return { value: await call.act() };
  } catch (error) {
    return { error };
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
