import type { Tally } from '../check/tally.ts';
import type { LimitStep, Story } from '../scenario/scenario.ts';
import type { Scheduler } from '../virtual/scheduler.ts';
import type { Cluster } from './cluster.ts';
import {
  beginDealings,
  completeExternal,
  emptyAcknowledged,
  type Acknowledged,
  type Desk,
} from './dealings.ts';
import { changeLimits } from './operator.ts';
import { createInsist } from './insist.ts';

/** Everybody who starts, signals, cancels and asks. */
export interface Clients {
  begin(): void;
  /** From now on nothing goes wrong any more. */
  heal(): void;
  /** A run has given a completion token away. */
  token(story: number, id: string, token: string): void;
  readonly acknowledged: readonly Acknowledged[];
  isDone(): boolean;
  /** What is still under way, in words. */
  open(): string[];
}

export interface ClientParts {
  stories: readonly Story[];
  limits: readonly LimitStep[];
  scheduler: Scheduler;
  cluster: Cluster;
  tally: Tally;
  broke(error: unknown): void;
  /** The runs that the store has for a story, roots only. */
  rootsOf(story: number): string[];
}

export function createClients(parts: ClientParts): Clients {
  const { stories, scheduler } = parts;
  const acknowledged = stories.map(emptyAcknowledged);
  const open = new Map<number, string>();
  const healing = Promise.withResolvers<void>();
  let tasks = 0;

  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      scheduler.after(ms, undefined, resolve);
    });
  const perform = async (name: string, work: () => Promise<void>): Promise<void> => {
    const id = ++tasks;
    open.set(id, name);
    try {
      await work();
    } catch (error) {
      parts.broke(error);
    }
    open.delete(id);
  };
  const desk: Desk = {
    insist: createInsist(parts),
    sleep,
    sleepUntil: (atMs) => sleep(atMs - scheduler.now()),
    healed: () => healing.promise,
    task: (name, work) => void perform(name, work),
    rootsOf: (story) => parts.rootsOf(story),
  };
  return {
    acknowledged,
    begin: () => {
      for (const entry of acknowledged) beginDealings(desk, entry);
      changeLimits(desk, parts.limits);
    },
    heal: () => healing.resolve(),
    token(id, name, token) {
      const entry = acknowledged.find(({ story }) => story.id === id);
      entry?.tokens.set(name, token);
      if (entry !== undefined) desk.task(`story ${id}: ${name}`, () => completeExternal(desk, entry, name));
    },
    isDone: () => open.size === 0,
    open: () => [...open.values()],
  };
}
