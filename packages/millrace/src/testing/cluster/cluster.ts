import type { CrashPoint, EngineLog } from '../../engine/ports.ts';
import type { Tally } from '../check/tally.ts';
import type { Trace } from '../check/trace.ts';
import { Violation } from '../check/violation.ts';
import type { Incident } from '../scenario/scenario.ts';
import type { Millrace } from '../../millrace.ts';
import type { Network } from '../store/network.ts';
import type { Random } from '../virtual/random.ts';
import { createMachine, type Machine, type Surroundings } from './machine.ts';

/** The processes of a simulation: starts them, lets them die, and brings them back. */
export interface Cluster {
  boot(): void;
  happen(incident: Incident): void;
  /** Everything that is down or paused comes back, and nothing goes wrong from now on. */
  heal(): void;
  machines(): readonly Machine[];
  /** A process that works and answers. */
  available(): Machine | undefined;
}

export interface ClusterParts extends Omit<Surroundings, 'isAlive' | 'log' | 'crashPoint'> {
  network: Network;
  tally: Tally;
  trace: Trace;
}

type Switch = Extract<Incident, { kind: 'strategy' }>;
type Store = Extract<Incident, { kind: 'store-stall' | 'store-away' }>;

const RESTART_MS = 500;
/** Who has so much time to drain is told to; others close. */
const ORDERED_GRACE_MS = 2_000;

export function createCluster(parts: ClusterParts): Cluster {
  return new SimulatedCluster(parts);
}

class SimulatedCluster implements Cluster {
  private readonly parts: ClusterParts;
  private readonly around: Surroundings;
  private readonly choice: Random;
  private readonly alive: Set<number> = new Set();
  private readonly current: (Machine | undefined)[] = [];
  private client: Machine | undefined;
  private pids = 100;
  private healed = false;
  /** Places whose engine has left for good. */
  private readonly left: Set<number> = new Set();

  constructor(parts: ClusterParts) {
    this.parts = parts;
    this.choice = parts.random.fork('choice');
    this.around = {
      ...parts,
      isAlive: (pid) => this.alive.has(pid),
      log: (machine, entry) => this.hear(machine, entry),
      crashPoint: (machine, point) => this.pass(machine, point),
    };
  }

  boot(): void {
    const { scenario, scheduler } = this.parts;
    for (const [slot, { joinsAtMs }] of scenario.nodes.entries()) {
      if (joinsAtMs === undefined) this.start(slot);
      else scheduler.after(joinsAtMs, undefined, () => this.join(slot));
    }
    const client = createMachine(this.around, scenario.nodes.length, ++this.pids, undefined);
    this.client = client;
    this.alive.add(client.pid);
    const open = (): void => void client.open().catch(() => scheduler.after(RESTART_MS, client.actor, open));
    scheduler.after(0, client.actor, open);
  }

  happen(incident: Incident): void {
    if (this.healed) return;
    const { network, tally } = this.parts;
    if (incident.kind !== 'store-stall' && incident.kind !== 'store-away') return this.befall(incident);
    tally.add(`incident ${incident.kind}`);
    this.note(`${incident.kind} for ${incident.forMs} ms`);
    if (incident.kind === 'store-stall') network.stall(incident.forMs);
    else network.goAway(incident.forMs);
  }

  heal(): void {
    this.healed = true;
    for (const slot of this.parts.scenario.nodes.keys()) this.join(slot);
    for (const machine of this.machines()) {
      machine.trap = undefined;
      this.resume(machine);
      if (machine.actor.state === 'down')
        this.parts.scheduler.after(0, undefined, () => this.start(machine.slot));
    }
  }

  machines(): readonly Machine[] {
    return this.current.filter((machine) => machine !== undefined);
  }

  available(): Machine | undefined {
    const all = this.client === undefined ? this.machines() : [...this.machines(), this.client];
    const able = all.filter(({ actor, millrace }) => actor.state !== 'down' && millrace !== undefined);
    return able.length === 0 ? undefined : this.choice.pick(able);
  }

  private befall(incident: Exclude<Incident, Store>): void {
    const machine = this.current[incident.node];
    if (machine?.actor.state !== 'up') return;
    if (incident.kind !== 'crash-point') this.parts.tally.add(`incident ${incident.kind}`);
    switch (incident.kind) {
      case 'crash':
        return this.die(machine, incident.downMs);
      case 'crash-point':
        machine.trap = { point: incident.point, pass: incident.pass, downMs: incident.downMs };
        return;
      case 'pause':
        this.note(`${machine.actor.name} pauses for ${incident.forMs} ms`);
        machine.actor.state = 'paused';
        this.parts.scheduler.after(incident.forMs, undefined, () => this.resume(machine));
        return;
      case 'drain':
        return this.drain(machine, incident.graceMs, incident.downMs);
      case 'leave':
        this.left.add(machine.slot);
        return this.drain(machine, incident.graceMs, 0);
      case 'partition':
        return this.cutOff(incident.node, incident.count, incident.forMs);
      case 'clock-step':
        machine.clocks.wallOffsetMs += incident.byMs;
        return;
      case 'strategy':
        return this.turnTo(machine, incident);
    }
  }

  /** The process at this place starts for the first time, if it has not yet. */
  private join(slot: number): void {
    if (this.current[slot] !== undefined) return;
    this.parts.tally.add('joined late');
    this.start(slot);
  }

  private cutOff(from: number, count: number, forMs: number): void {
    for (const { actor } of this.current.slice(from, from + count).filter((each) => each !== undefined)) {
      this.note(`${actor.name} is cut off for ${forMs} ms`);
      this.parts.network.cut(actor, forMs);
    }
  }

  private start(slot: number): void {
    if (this.left.has(slot)) return;
    const { scenario, scheduler } = this.parts;
    const before = this.current[slot];
    if (before !== undefined && before.actor.state !== 'down') return;
    const machine = createMachine(this.around, slot, ++this.pids, scenario.nodes[slot]);
    this.current[slot] = machine;
    this.alive.add(machine.pid);
    this.note(`${machine.actor.name} starts`);
    scheduler.after(0, machine.actor, () => {
      const opened = (): void => this.remember(machine);
      machine.open().then(opened, (error: unknown) => {
        this.note(`${machine.actor.name} cannot open: ${String(error)}`);
        this.die(machine, RESTART_MS);
      });
    });
  }

  private die(machine: Machine, downMs: number): void {
    if (machine.actor.state === 'down') return;
    machine.actor.state = 'down';
    this.alive.delete(machine.pid);
    this.note(`${machine.actor.name} dies`);
    const pauseMs = this.healed ? Math.min(downMs, RESTART_MS) : downMs;
    this.parts.scheduler.after(pauseMs, undefined, () => this.start(machine.slot));
  }

  private resume(machine: Machine): void {
    if (machine.actor.state !== 'paused') return;
    this.note(`${machine.actor.name} goes on`);
    this.parts.scheduler.resume(machine.actor);
  }

  private drain(machine: Machine, graceMs: number, downMs: number): void {
    const { millrace } = machine;
    if (millrace === undefined) return this.die(machine, downMs);
    const exit = (): void => this.die(machine, downMs);
    if (graceMs >= ORDERED_GRACE_MS) return this.order(machine, millrace, exit);
    this.note(`${machine.actor.name} drains`);
    millrace.close({ grace: graceMs }).then(exit, exit);
  }

  /** It learns from the store that it is to leave. */
  private order(machine: Machine, { engine, store, departed }: Millrace, exit: () => void): void {
    this.note(`${machine.actor.name} is told to leave`);
    store.orderDrain(engine?.engineId ?? '').then(() => departed.then(exit), exit);
    void departed.then(() => this.parts.tally.add('left by order'));
  }

  /** Each process that starts writes so into a setting: several do it at once. */
  private remember({ pid, millrace }: Machine): void {
    const value = new TextEncoder().encode(String(pid));
    millrace?.store.putSetting('last-start', value).catch(() => undefined);
  }

  private turnTo({ millrace, actor }: Machine, { strategy, shadow }: Switch): void {
    this.note(`${actor.name} sets strategy ${strategy}`);
    millrace?.setStrategy(strategy, { shadow }).catch(() => undefined);
  }

  private pass(machine: Machine, point: CrashPoint): void {
    const { trap, actor } = machine;
    if (actor.state !== 'up' || trap?.point !== point || --trap.pass > 0) return;
    machine.trap = undefined;
    this.parts.tally.add('incident crash-point');
    this.parts.tally.add(`crashed at ${point}`);
    this.die(machine, trap.downMs);
  }

  private hear(machine: Machine, entry: EngineLog): void {
    if (entry.source !== 'engine') return;
    this.note(`${machine.actor.name} says ${entry.message.split('\n')[0]}`);
    const expected = entry.level !== 'error' || entry.message.startsWith('the outcome of transaction');
    if (!expected) this.parts.broke(new Violation('unexpected failure', entry.message));
  }

  private note(line: string): void {
    this.parts.trace.add(this.parts.network.now(), line);
  }
}
