import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Server, StoreKind } from '../rig/place.ts';
import { openRig, type Rig, type WorkerOptions } from '../rig/rig.ts';
import { until } from '../rig/wait.ts';
import type { WorkerProcess } from '../rig/worker-process.ts';
import { startTcpProxy, type TcpProxy } from '../../testbed/proxy/tcp-proxy.ts';
import type { Entry, EntryOf } from '../worker/entry.ts';
import type { JourneyPlan } from '../worker/timed-workflows.ts';
import { keepBusy, keepHolding, setLimits } from './clients.ts';

/** How large a disaster is played, and how engines are set. */
export interface Size {
  /** Runs that wait for their hour, each for its own. */
  readonly runs: number;
  /** From the start of the first engine to the hour of its first run: as a rule all are started by then. */
  readonly leadMs: number;
  /** Over how long their hours are spread. */
  readonly windowMs: number;
  readonly legs: number;
  readonly legMs: number;
  readonly beatMs: number;
  readonly leaseMs: number;
  /** The same where nobody is to be declared dead, however busy the machine is. */
  readonly calmLeaseMs: number;
  readonly suspectMs: number;
  readonly cutMs: number;
  /** How long a client rests that starts runs of all other kinds, round after round, while all this goes on. */
  readonly roundMs: number;
  /** Runs that an engine takes at once: its part and more. */
  readonly concurrency: number;
}

const ENGINES = 3;
/** How much of the runs is under way or done when the disaster comes. */
const BEGUN = 0.2;

/** So many steps at least, when the disaster comes. */
const BUSY = 10;
/** Workflows that hold what others wait for. */
const HOLDING = ['limited', 'locked'];
/** Seldom: this process must not take the time of the engines. */
const LOOK_EVERY_MS = 50;

/** Three engines in the middle of their work. */
export interface Stage {
  readonly rig: Rig;
  readonly size: Size;
  readonly engines: WorkerProcess[];
  /** How long before the first hour all runs were started; less than nothing: it came too soon. */
  readonly spareMs: number;
  /** The one that a disaster befalls. */
  readonly victim: WorkerProcess;
  /** The victim's line to PostgreSQL, if it is one that can be cut. */
  readonly line: TcpProxy | undefined;
  /** Lets the victim end what it is doing under limits and with a lock: it was kept at it, for the disaster to find. */
  letGo(): void;
  /** Waits until others have begun what the victim is doing under limits and with locks. */
  untilSuperseded(): Promise<void>;
  /** An engine as the others are. */
  spawn(name: string): WorkerProcess;
  /** Lets clients stop and all runs end. */
  settle(): Promise<void>;
  end(): Promise<void>;
}

export interface StageOptions {
  readonly kind: StoreKind;
  readonly size: Size;
  readonly server: Server | undefined;
  /** Whether the victim's line to the store can be cut. */
  readonly cuttable: boolean;
}

export async function openStage({ kind, size, server, cuttable }: StageOptions): Promise<Stage> {
  const rig = await openRig(kind, server);
  const line = cuttable ? await openLine(rig.url) : undefined;
  // Before all others: their ledgers are nothing that it has to know.
  const client = await rig.client(rig.url, false);
  await setLimits(client);
  const hold = join(rig.folder, 'hold');
  const spawn = (
    name: string,
    own: Pick<WorkerOptions, 'store' | 'journeys' | 'hold'> = {},
  ): WorkerProcess => {
    const { beatMs, leaseMs, suspectMs, concurrency } = size;
    // On PostgreSQL each seems to be on a machine of its own: no pid tells that it is gone.
    const host = kind === 'postgres' ? `machine-of-${name}` : undefined;
    const settings = { beatMs, leaseMs, suspectMs, concurrency, graceMs: 20_000, sync: false };
    return rig.worker({ ...settings, name, host, ...own });
  };
  const firstHour = Date.now() + size.leadMs;
  const store = line?.through(rig.url) ?? rig.url;
  const end = async (): Promise<void> => {
    await rig.end();
    await line?.close();
  };
  try {
    writeFileSync(hold, '');
    // Alone at first, so that it is the one that has something to hold on to.
    const victim = spawn('victim', { store, hold, journeys: journeysFor(0, size, firstHour) });
    const clients = [keepHolding(client)];
    await untilHolding(victim);
    const engines = [victim];
    for (let at = 1; at < ENGINES; at++)
      engines.push(spawn(`other-${at}`, { journeys: journeysFor(at, size, firstHour) }));
    await Promise.all(engines.map((engine) => engine.untilMark('all-started')));
    const spareMs = firstHour - Date.now();
    clients.push(keepBusy(client, size.roundMs));
    await untilBegun(engines, size.runs * BEGUN);
    await untilBusy(victim);
    return {
      ...{ rig, size, engines, spareMs, victim, line, spawn, end },
      letGo: () => rmSync(hold, { force: true }),
      untilSuperseded: () => untilSuperseded(victim, engines),
      settle: async () => {
        await Promise.all(clients.map((one) => one.end()));
        await client.untilNothingIsOpen(size.windowMs + 120_000, LOOK_EVERY_MS);
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function openLine(url: string): Promise<TcpProxy> {
  const { hostname, port } = new URL(url);
  return startTcpProxy({ host: hostname, port: Number(port) });
}

/** Each engine starts its part of the runs, and wakes them: the victim has as many as the others. */
function journeysFor(at: number, { runs, windowMs: spreadMs, legs, legMs }: Size, from: number): JourneyPlan {
  const count = Math.floor((runs + at) / ENGINES);
  return { prefix: `journey-${at}`, count, from, spreadMs, legs, legMs };
}

async function untilBegun(engines: readonly WorkerProcess[], count: number): Promise<void> {
  const counts = engines.map((engine) => countOf(engine, isFirst));
  const look = (): boolean => counts.reduce((sum, begun) => sum + begun(), 0) >= count;
  await until(`the beginning of ${count} runs`, look, 180_000, LOOK_EVERY_MS);
}

function isFirst(entry: Entry): boolean {
  return entry.kind === 'begin' && entry.workflow === 'journey' && entry.step === 'leg-0';
}

/** A disaster that finds its victim idle shows nothing. */
async function untilBusy(victim: WorkerProcess): Promise<void> {
  const look = (): boolean => openAt(victim).length >= BUSY;
  await until(`${BUSY} steps of the victim at once`, look, 30_000, LOOK_EVERY_MS);
}

async function untilHolding(victim: WorkerProcess): Promise<void> {
  await victim.untilEntry('steps under limits and with a lock', () => {
    const open = openAt(victim);
    return HOLDING.every((of) => open.some(({ workflow }) => workflow === of));
  });
}

async function untilSuperseded(victim: WorkerProcess, engines: readonly WorkerProcess[]): Promise<void> {
  const own = openAt(victim).filter(({ workflow }) => HOLDING.includes(workflow));
  const others = engines.filter((engine) => engine !== victim);
  const isAgain = ({ key, epoch }: EntryOf<'begin'>): boolean =>
    others.some((engine) => engine.begins().some((other) => other.key === key && other.epoch > epoch));
  await until('others that do what the victim does', () => own.every(isAgain), 60_000, LOOK_EVERY_MS);
}

/** What the engine has begun and not ended. */
function openAt(engine: WorkerProcess): EntryOf<'begin'>[] {
  const ended = new Set(engine.entries().flatMap((entry) => (entry.kind === 'end' ? [entry.nonce] : [])));
  return engine.begins().filter(({ nonce }) => !ended.has(nonce));
}

/** How many such entries an engine has written; each call looks only at what is new. */
function countOf(engine: WorkerProcess, counts: (entry: Entry) => boolean): () => number {
  let [looked, count] = [0, 0];
  return () => {
    const entries = engine.entries();
    for (const entry of entries.slice(looked)) if (counts(entry)) count++;
    looked = entries.length;
    return count;
  };
}
