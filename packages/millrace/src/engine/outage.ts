import { StoreError } from '../store/port/errors.ts';
import type { Store } from '../store/port/store.ts';
import type { Ports } from './ports.ts';

/**
 * The one place that knows whether the store can be used, and the only one that says so: every call of a
 * process goes through `watchStore`, so that an outage is a few lines however many loops and turns meet it.
 *
 *   O1  One line when calls begin to fail, one every 10 s while they do, one when they succeed again.
 *   O2  It is over when calls succeed and none has failed for longer than anybody pauses before trying again:
 *       a store that answers some calls and not others is one outage, not many.
 */
export interface Outage {
  failed(error: StoreError): void;
  answered(): void;
  /** What is wrong at present, and for how long it has been. */
  current(): { message: string; forMs: number } | undefined;
}

const REMIND_MS = 10_000;
/** Longer than the longest pause of a call that is repeated (commit/persist.ts). */
const QUIET_MS = 6_000;

interface Trouble {
  message: string;
  since: number;
  failedAt: number;
  /** The first answer after the last failure. */
  answeredAt: number | undefined;
  calls: number;
  saidAt: number;
}

export function createOutage({ clock, log }: Pick<Ports, 'clock' | 'log'>): Outage {
  let trouble: Trouble | undefined;

  const say = (level: 'warn' | 'info', message: string, forMs: number, failedCalls: number): void =>
    log({ source: 'engine', level, message, fields: { forMs: Math.round(forMs), failedCalls } });

  return {
    failed({ message }) {
      const now = clock.mono();
      if (trouble === undefined) {
        trouble = { message, since: now, failedAt: now, answeredAt: undefined, calls: 1, saidAt: now };
        return say('warn', `calls to the store fail: ${message}; trying again until they succeed`, 0, 1);
      }
      trouble = { ...trouble, message, failedAt: now, answeredAt: undefined, calls: trouble.calls + 1 };
      if (now - trouble.saidAt < REMIND_MS) return;
      trouble.saidAt = now;
      const { since, calls } = trouble;
      const what = `calls to the store have failed for ${seconds(now - since)} (${calls} calls)`;
      say('warn', `${what}: ${message}`, now - since, calls);
    },
    answered() {
      if (trouble === undefined) return;
      const now = clock.mono();
      trouble.answeredAt ??= now;
      if (now - trouble.failedAt < QUIET_MS) return;
      const { since, calls, answeredAt } = trouble;
      trouble = undefined;
      const forMs = answeredAt - since;
      say(
        'info',
        `calls to the store succeed again after ${seconds(forMs)} (${calls} calls failed)`,
        forMs,
        calls,
      );
    },
    current: () => trouble && { message: trouble.message, forMs: clock.mono() - trouble.since },
  };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

/** What these are refused for is mostly what they were given: their callers decide what it means. */
const BY_CONTENT: ReadonlySet<PropertyKey> = new Set([
  'commit',
  'startRuns',
  'deliver',
  'transact',
  'reopen',
  'putSetting',
  'putDefinition',
  'putRoute',
  'createKey',
  'revokeKey',
]);

/** The same store, whose every call tells `outage` how it went. */
export function watchStore(store: Store, outage: Outage): Store {
  const told = async (name: PropertyKey, call: () => unknown): Promise<unknown> => {
    try {
      const result = await call();
      outage.answered();
      return result;
    } catch (error) {
      if (error instanceof StoreError && isTrouble(name, error)) outage.failed(error);
      throw error;
    }
  };
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => told(name, () => Reflect.apply(value, target, given) as unknown);
    },
  });
}

function isTrouble(name: PropertyKey, { failure, code }: StoreError): boolean {
  if (code === 'ENGINE_CLOSED') return false;
  return failure !== 'definite' || !BY_CONTENT.has(name);
}
