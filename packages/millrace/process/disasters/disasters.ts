import { setTimeout as pause } from 'node:timers/promises';
import type { PostgresCluster } from '../../testbed/postgres-cluster.ts';
import type { PostgresPair } from '../../testbed/postgres-pair.ts';
import { monotonicMs } from '../rig/monotonic.ts';
import type { StoreKind } from '../rig/place.ts';
import { until } from '../rig/wait.ts';
import type { Stage } from './stage.ts';

/** The servers that a disaster can befall. */
export interface Servers {
  readonly cluster?: PostgresCluster | undefined;
  readonly pair?: PostgresPair | undefined;
}

/** What is done to three engines at work, and what must not come of it. */
export interface Disaster {
  readonly name: string;
  readonly stores: readonly StoreKind[];
  /** Whether the store is a primary with a standby. */
  readonly pair?: true;
  /** The victim is declared dead; otherwise nobody may be. */
  readonly death: boolean;
  /** The victim lives on and believes for a while that it owns its runs. */
  readonly zombie?: true;
  /** The victim's line to the store has to be one that can be cut. */
  readonly cuts?: true;
  /** Nothing tells that a process is gone but its silence. */
  readonly byLease?: true;
  /**
   * Does it; where there is a zombie, it also says when that lets go of what it is doing. Resolves when it is over; with
   * the time of that, when it was an outage of the store for all.
   */
  strike(stage: Stage, servers: Servers): Promise<number | undefined>;
}

/** A pause that is three leases long. */
const LEASES = 3;

const kill: Disaster['strike'] = async ({ victim }) => {
  victim.kill('SIGKILL');
  await victim.ended;
  return undefined;
};

/**
 * On a machine that is busy it can take longer than it should; how long it took is measured. A process that stands
 * still in the middle of a write to a SQLite file holds the file: then nobody can beat, and it is false.
 */
async function untilDeclaredDead({ engines, victim }: Stage): Promise<boolean> {
  const others = engines.filter((engine) => engine !== victim);
  const says = (message: string): boolean => others.some((engine) => engine.logs(message).length > 0);
  await until('a take-over', () => says(GONE) || says(OUTAGE), 60_000);
  return says(GONE);
}

const GONE = 'engine victim is gone';
const OUTAGE = 'calls to the store fail';

export const DISASTERS: readonly Disaster[] = [
  { name: 'kill -9', stores: ['postgres', 'sqlite'], death: true, strike: kill },
  { name: 'killed, lease alone', stores: ['postgres'], death: true, byLease: true, strike: kill },
  {
    name: 'stopped for three leases',
    stores: ['postgres', 'sqlite'],
    death: true,
    zombie: true,
    async strike(stage) {
      const { victim, size } = stage;
      victim.kill('SIGSTOP');
      await pause(size.leaseMs * LEASES);
      const dead = await untilDeclaredDead(stage);
      if (dead) await stage.untilSuperseded();
      stage.letGo();
      victim.kill('SIGCONT');
      if (!dead) return monotonicMs();
      await victim.untilEntry('its return', () => victim.logs('it comes back as new').length > 0);
      return undefined;
    },
  },
  {
    name: 'cut from the database',
    stores: ['postgres'],
    cuts: true,
    death: true,
    zombie: true,
    async strike(stage) {
      const { victim, line, size } = stage;
      line?.setCondition('blackhole');
      await pause(size.cutMs);
      if (await untilDeclaredDead(stage)) await stage.untilSuperseded();
      stage.letGo();
      line?.setCondition('pass');
      line?.cutAll();
      await victim.untilEntry('its return', () => victim.logs('it comes back as new').length > 0, 60_000);
      return undefined;
    },
  },
  {
    name: 'PostgreSQL restarted',
    stores: ['postgres'],
    death: false,
    async strike(_stage, { cluster }) {
      await cluster?.stop('fast');
      await cluster?.start();
      return monotonicMs();
    },
  },
  {
    name: 'rolling restart of all',
    stores: ['postgres', 'sqlite'],
    death: false,
    async strike({ engines, spawn }) {
      for (const [at, engine] of engines.entries()) {
        engine.kill('SIGTERM');
        // oxlint-disable-next-line no-await-in-loop -- one engine after the other
        const { code } = await engine.ended;
        if (code !== 0) throw new Error(`${engine.name} ended with ${code}: ${engine.said()}`);
        const next = spawn(`next-${at}`);
        engines[at] = next;
        // oxlint-disable-next-line no-await-in-loop -- one engine after the other
        await next.untilMark('ready');
      }
      return undefined;
    },
  },
  {
    name: 'primary dies, standby promoted',
    stores: ['postgres'],
    pair: true,
    death: false,
    async strike(_stage, { pair }) {
      await pair?.primary.stop('kill');
      await pair?.promote();
      return monotonicMs();
    },
  },
];
