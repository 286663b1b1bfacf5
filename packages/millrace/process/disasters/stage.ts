import { setTimeout as pause } from 'node:timers/promises';
import type { Server, StoreKind } from '../rig/place.ts';
import { openRig, type Client, type Rig } from '../rig/rig.ts';
import { until } from '../rig/wait.ts';
import type { WorkerProcess } from '../rig/worker-process.ts';
import { startTcpProxy, type TcpProxy } from '../../testbed/proxy/tcp-proxy.ts';
import { calmItems } from '../worker/workload.ts';
import type { Entry } from '../worker/entry.ts';
import type { JourneyPlan } from '../worker/timed-workflows.ts';

/** How large a disaster is played, and how engines are set. */
export interface Size {
  /** Runs that wait for their hour, each for its own. */
  readonly runs: number;
  /** From the start of an engine to the hour of its first run: as a rule all are started by then. */
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
/** Seldom: this process must not take the time of the engines. */
const LOOK_EVERY_MS = 50;

/** Three engines in the middle of their work. */
export interface Stage {
  readonly rig: Rig;
  readonly size: Size;
  readonly engines: WorkerProcess[];
  /** The one that a disaster befalls. */
  readonly victim: WorkerProcess;
  /** The victim's line to PostgreSQL, if it is one that can be cut. */
  readonly line: TcpProxy | undefined;
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
  const spawn = (name: string, store = rig.url, journeys?: JourneyPlan): WorkerProcess => {
    const { beatMs, leaseMs, suspectMs, concurrency } = size;
    // On PostgreSQL each seems to be on a machine of its own: no pid tells that it is gone.
    const host = kind === 'postgres' ? `machine-of-${name}` : undefined;
    const settings = { beatMs, leaseMs, suspectMs, concurrency, graceMs: 20_000, sync: false };
    return rig.worker({ ...settings, name, host, store, journeys });
  };
  const victim = spawn('victim', line?.through(rig.url), journeysFor(0, size));
  const engines = [victim];
  for (let at = 1; at < ENGINES; at++) engines.push(spawn(`other-${at}`, rig.url, journeysFor(at, size)));
  const end = async (): Promise<void> => {
    await rig.end();
    await line?.close();
  };
  try {
    await Promise.all(engines.map((engine) => engine.untilMark('all-started')));
    const client = await rig.client(rig.url, false);
    const others = keepBusy(client, size);
    await untilBegun(engines, size.runs * BEGUN);
    await untilBusy(victim);
    return {
      ...{ rig, size, engines, victim, line, spawn, end },
      settle: async () => {
        await others.end();
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
function journeysFor(at: number, { runs, leadMs, windowMs: spreadMs, legs, legMs }: Size): JourneyPlan {
  const count = Math.floor((runs + at) / ENGINES);
  return { prefix: `journey-${at}`, count, from: Date.now() + leadMs, spreadMs, legs, legMs };
}

/** A client that starts runs of all kinds until it is told to stop; what it was told must hold. */
function keepBusy(client: Client, { roundMs }: Size): { end(): Promise<void> } {
  const stop = new AbortController();
  const rounds = (async () => {
    for (let round = 0; !stop.signal.aborted; round++) {
      // oxlint-disable-next-line no-await-in-loop -- round after round
      await client.perform(calmItems(`round-${round}`, 1));
      // oxlint-disable-next-line no-await-in-loop
      await pause(roundMs);
    }
  })();
  // Looked at in the end; a client that fails early must not end the test run.
  rounds.catch(() => undefined);
  return {
    end: () => {
      stop.abort();
      return rounds;
    },
  };
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
  const begun = countOf(victim, ({ kind }) => kind === 'begin');
  const ended = countOf(victim, ({ kind }) => kind === 'end');
  await until(`${BUSY} steps of the victim at once`, () => begun() - ended() >= BUSY);
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
