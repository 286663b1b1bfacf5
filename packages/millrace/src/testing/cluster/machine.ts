import type { StepContext } from '../../core/workflow/context.ts';
import type { CrashPoint, EngineLog, Ports } from '../../engine/ports.ts';
import { Millrace } from '../../millrace.ts';
import type { Store } from '../../store/port/store.ts';
import type { Ledger } from '../check/ledger.ts';
import { LABEL } from '../program/program.ts';
import { createPlayer } from '../program/play.ts';
import { violated } from '../check/violation.ts';
import type { NodeSettings, Scenario } from '../scenario/scenario.ts';
import { virtualPorts } from '../virtual/ports.ts';
import type { Random } from '../virtual/random.ts';
import { createActor, type Actor, type Scheduler } from '../virtual/scheduler.ts';

/** What machines share: the world that they live in. */
export interface Surroundings {
  readonly scenario: Scenario;
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly ledger: Ledger;
  /** Of everybody's steps: an invariant broke. */
  broke(error: unknown): void;
  connect(actor: Actor): Store;
  wrapPorts(ports: Ports): Ports;
  storeTime(): number;
  token(story: number, id: string, token: string): void;
  /** Called before an attempt begins, with the attempt. */
  checkBegin(step: StepContext): void;
  isAlive(pid: number): boolean;
  log(machine: Machine, entry: EngineLog): void;
  crashPoint(machine: Machine, name: CrashPoint): void;
}

/** One process start: its own clocks, randomness and engine. */
export interface Machine {
  readonly slot: number;
  readonly pid: number;
  readonly actor: Actor;
  readonly clocks: { wallOffsetMs: number; monoOffsetMs: number; drift: number };
  /** Undefined until it is open. */
  millrace: Millrace | undefined;
  /** A crash point that is armed. */
  trap: { point: CrashPoint; pass: number; downMs: number } | undefined;
  open(): Promise<void>;
}

export function createMachine(
  around: Surroundings,
  slot: number,
  pid: number,
  settings: NodeSettings | undefined,
): Machine {
  const { scenario, scheduler } = around;
  const name = settings === undefined ? 'client' : `node-${slot}`;
  const actor = createActor(`${name}.${pid}`);
  const random = around.random.fork(`machine ${pid}`);
  const clocks = {
    wallOffsetMs: settings?.wallOffsetMs ?? 0,
    monoOffsetMs: random.between(0, 1_000_000),
    drift: settings?.drift ?? 0,
  };
  const machine: Machine = {
    ...{ slot, pid, actor, clocks, millrace: undefined, trap: undefined },
    async open() {
      const ports = virtualPorts({
        ...{ scheduler, actor, random, clocks },
        host: { host: `host-${slot % 2}`, bootId: 'boot', pid },
        isAlive: (other) => around.isAlive(other),
        crashPoint: (point) => around.crashPoint(machine, point),
        log: (entry) => around.log(machine, entry),
      });
      const player = createPlayer(
        worldOf(around, machine, random.fork('steps'), settings?.labelled === true),
      );
      machine.millrace = await Millrace.open({
        store: around.connect(actor),
        ports: around.wrapPorts(ports),
        name,
        work: settings !== undefined,
        workflows: [player.workflow],
        executors: settings?.executes === true ? player.executors : {},
        labels: settings?.labelled === true ? [LABEL] : [],
        beat: scenario.beatMs,
        lease: scenario.leaseMs,
        sticky: scenario.stickyMs,
        suspect: scenario.beatMs * 2,
        deathLimit: 1_000,
        ...(settings === undefined ? {} : sizes(settings)),
      });
    },
  };
  return machine;
}

function sizes({ concurrency, stepConcurrency, cacheSize }: NodeSettings) {
  return { concurrency, stepConcurrency, cacheSize };
}

/** What the steps of a process do: they leave a trace, and take their time. */
function worldOf(around: Surroundings, machine: Machine, random: Random, labelled: boolean) {
  const { actor } = machine;
  const { ledger, scheduler } = around;
  return {
    token: around.token,
    demand(label: string): void {
      if (labelled || actor.state === 'down') return;
      try {
        violated('label missing', `${actor.name} has no ${label}`);
      } catch (error) {
        around.broke(error);
        throw error;
      }
    },
    attempt(step: StepContext, slowMs: number): Promise<string> | string {
      // A process that has just died may still run to the end of its burst: the world sees nothing of it.
      if (actor.state === 'down') return new Promise<string>(() => {});
      try {
        around.checkBegin(step);
        const entry = ledger.begin(step, around.storeTime(), actor.name);
        if (slowMs < 0) {
          entry.ended = true;
          return entry.nonce;
        }
        const takesMs = slowMs * (0.5 + random.next());
        return new Promise((resolve) => {
          scheduler.after(takesMs, actor, () => {
            entry.ended = true;
            resolve(entry.nonce);
          });
        });
      } catch (error) {
        around.broke(error);
        throw error;
      }
    },
  };
}
