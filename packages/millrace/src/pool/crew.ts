import type { PoolSettings } from '../core/pool/pool-options.ts';
import { restartOf } from '../core/pool/restart.ts';
import type { PoolDecision, WorkerState } from '../core/pool/state.ts';
import type { PoolPorts, ProcessExit } from './ports.ts';
import { Worker, type Place } from './worker.ts';

export interface CrewEvents {
  /** Some worker can take a job. */
  free(): void;
  /** A worker ended before it was ready: processes do not start here. */
  stillborn(worker: Worker, exit: ProcessExit): void;
  decided(decision: Omit<PoolDecision, 'at'>): void;
}

const FIRST_PLACE: Place = { restarts: 0, streak: 0 };

/**
 * The workers of a pool: as many as are wanted, each of them healthy.
 *
 *   C1  Workers that do not leave, and successors that are awaited, are as many as the target.
 *   C2  Whatever ends without having been sent away has a successor, after a pause that grows with each death.
 */
export class Crew {
  private readonly ports: PoolPorts;
  private readonly settings: PoolSettings;
  private readonly heapMb: number;
  private readonly events: CrewEvents;
  private readonly workers = new Set<Worker>();
  /** Undo of the pause before each awaited successor. */
  private readonly awaited = new Set<() => void>();
  private readonly onEmpty: (() => void)[] = [];
  private size = 0;
  private stopLooking: () => void = () => {};

  constructor(ports: PoolPorts, settings: PoolSettings, crew: { heapMb: number; events: CrewEvents }) {
    this.ports = ports;
    this.settings = settings;
    this.heapMb = crew.heapMb;
    this.events = crew.events;
    this.lookLater();
  }

  /** Workers wanted. */
  get target(): number {
    return this.size;
  }
  get running(): number {
    return [...this.workers].reduce((sum, { load }) => sum + load, 0);
  }

  states(): readonly WorkerState[] {
    return [...this.workers].map((worker) => worker.state());
  }

  all(): readonly Worker[] {
    return [...this.workers];
  }

  /** Of the workers that can take a job the one that has fewest. */
  free(): Worker | undefined {
    return [...this.workers].filter(({ isFree }) => isFree).toSorted((a, b) => a.load - b.load)[0];
  }

  resize(target: number): void {
    this.size = target;
    while (this.places() < target) this.start(FIRST_PLACE);
    while (this.places() > target) this.dismiss();
  }

  /** Sends all away; those that are not gone after the grace are killed. */
  async close(graceMs: number): Promise<void> {
    this.stopLooking();
    this.size = 0;
    for (const undo of this.awaited) undo();
    this.awaited.clear();
    for (const worker of this.workers) worker.leave();
    if (this.workers.size === 0) return;
    const undo = this.ports.after(graceMs, () => {
      for (const worker of this.workers) worker.kill('the pool is closing');
    });
    await new Promise<void>((resolve) => this.onEmpty.push(resolve));
    undo();
  }

  private staying(): Worker[] {
    return [...this.workers].filter(({ isLeaving }) => !isLeaving);
  }

  private places(): number {
    return this.staying().length + this.awaited.size;
  }

  private start(place: Place): void {
    const worker = new Worker(this.ports, this.settings, {
      heapMb: this.heapMb,
      place,
      events: { free: () => this.events.free(), ended: (gone, exit) => this.replace(gone, exit) },
    });
    this.workers.add(worker);
  }

  /** Who is not there yet goes first, then who has least to do. */
  private dismiss(): void {
    const [undo] = this.awaited;
    if (undo !== undefined) {
      undo();
      this.awaited.delete(undo);
      return;
    }
    const [least] = this.staying().toSorted((a, b) => rank(a) - rank(b));
    if (least !== undefined) {
      least.isDeliberate = true;
      least.leave();
    }
  }

  private replace(worker: Worker, exit: ProcessExit): void {
    this.workers.delete(worker);
    if (this.workers.size === 0) for (const resolve of this.onEmpty.splice(0)) resolve();
    if (worker.isStarting && this.size > 0) this.events.stillborn(worker, exit);
    if (this.places() >= this.size) return;
    const livedMs = this.ports.clock.mono() - worker.startedMono;
    const { streak, delayMs } = restartOf(worker.place.streak, livedMs, worker.isDeliberate);
    const place = { restarts: worker.place.restarts + 1, streak };
    const after = delayMs === 0 ? 'now' : `in ${delayMs} ms`;
    this.decideReplacement(
      `worker ${worker.pid} ${worker.endedFor ?? 'left'}; its successor starts ${after}`,
    );
    if (delayMs === 0) return this.start(place);
    const undo = this.ports.after(delayMs, () => {
      this.awaited.delete(undo);
      this.start(place);
    });
    this.awaited.add(undo);
  }

  /** It is drained, and its successor does not wait for that. */
  private relieve(worker: Worker, reason: string): void {
    worker.isDeliberate = true;
    worker.leave();
    this.decideReplacement(`worker ${worker.pid} is drained: ${reason}`);
    this.start({ restarts: worker.place.restarts + 1, streak: 0 });
  }

  private decideReplacement(reason: string): void {
    this.events.decided({ kind: 'replace', from: this.size, to: this.size, reason });
  }

  private lookLater(): void {
    this.stopLooking = this.ports.after(this.settings.healthIntervalMs, () => {
      for (const worker of this.workers) this.judge(worker);
      this.lookLater();
    });
  }

  private judge(worker: Worker): void {
    const verdict = worker.look();
    if (verdict.kind === 'healthy') return;
    if (verdict.kind === 'kill') worker.kill(verdict.reason);
    else if (!worker.isLeaving) this.relieve(worker, verdict.reason);
  }
}

function rank({ isStarting, load }: Worker): number {
  return isStarting ? -1 : load;
}
