import type { Act } from '../../core/audit/act.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { RULE_SETTING } from '../../core/placement/rule.ts';
import { decodeMessage } from '../../core/run/message.ts';
import type { Message, Store } from '../../store/port/store.ts';

/** What was done in one call; undefined: nothing has changed and nobody was refused. */
type Done = Pick<Act, 'action' | 'target' | 'after'> & { readonly refusal?: ErrorCode };

type Acts = {
  readonly [Name in keyof Store]?: Store[Name] extends (...args: infer A) => Promise<infer R>
    ? (result: R, ...args: A) => readonly (Done | undefined)[]
    : never;
};

const ACTIONS: Readonly<Record<string, string>> = {
  signal: 'signalRun',
  cancel: 'cancelRun',
  update: 'updateRun',
  external: 'completeExternal',
};

/** How people change things through the store, and under which names of the API this is written down. */
const ACTS: Acts = {
  startRuns: (results) =>
    results.map(({ outcome, runId }): Done | undefined => {
      const start = { action: 'startRun', target: `runs/${runId}` };
      if (outcome === 'existing') return undefined;
      if (outcome === 'started') return start;
      return { ...start, refusal: outcome === 'key-in-use' ? 'KEY_IN_USE' : 'QUEUE_FULL' };
    }),
  deliver: (results, messages) =>
    results.map((result, at): Done | undefined => {
      const message = messages[at] as Message; // results come in message order
      const { target } = message;
      const runId = 'runId' in result ? result.runId : 'runId' in target ? target.runId : `key:${target.key}`;
      const { kind, ...said } = decodeMessage(message.body);
      const after = 'name' in said ? { name: said.name } : undefined;
      const sent = { action: ACTIONS[kind] ?? kind, target: `runs/${runId}`, after };
      switch (result.outcome) {
        case 'delivered':
          return sent;
        case 'duplicate':
          return undefined;
        case 'run-closed':
          // Its sender goes on to the run that it continued as.
          return result.successor === undefined ? { ...sent, refusal: 'RUN_CLOSED' } : undefined;
        case 'not-found':
          return { ...sent, refusal: 'RUN_NOT_FOUND' };
      }
    }),
  reopen: (result, { runId }) => {
    const retry = { action: 'retryRun', target: `runs/${runId}` };
    return [result === 'ok' ? retry : { ...retry, refusal: 'RUN_NOT_CLOSED' }];
  },
  orderDrain: (isTold, engineId) => {
    const drain = { action: 'drainEngine', target: `cluster/engines/${engineId}` };
    return [isTold ? drain : { ...drain, refusal: 'ENGINE_NOT_FOUND' }];
  },
  retire: ({ retired }, engineId) => [
    retired ? { action: 'failoverEngine', target: `cluster/engines/${engineId}` } : undefined,
  ],
  putSetting: (outcome, name, value) => {
    const isRule = name === RULE_SETTING;
    const action = isRule ? 'setStrategy' : 'changeSetting';
    const put = { action, target: isRule ? 'cluster/strategy' : `settings/${name}`, after: read(value) };
    return [outcome === 'ok' ? put : undefined]; // whoever expected another revision looks again
  },
  setLimit: (_, { namespace: _namespace, kind, name, by: _by, ...after }) => [
    kind === 'queue'
      ? { action: 'changeQueue', target: `queues/${name}`, after }
      : { action: 'changeLimit', target: `limits/${kind}/${name}`, after },
  ],
  forceLock: ({ held }, { name }) => {
    const release = { action: 'releaseLock', target: `cluster/locks/${name}` };
    return [held ? release : { ...release, refusal: 'LOCK_NOT_HELD' }];
  },
  putDefinition: ({ outcome }, { name, version, draft }) => {
    const deploy = { action: 'deployDefinition', target: `definitions/${name}`, after: { version, draft } };
    if (outcome === 'same') return [];
    return [outcome === 'stored' ? deploy : { ...deploy, refusal: 'VERSION_EXISTS' }];
  },
  putRoute: (outcome, { name, value }) => {
    const change = { action: 'changeRoute', target: `definitions/${name}`, after: read(value) };
    return [outcome === 'ok' ? change : { ...change, refusal: 'ROUTE_CHANGED' }];
  },
};

/**
 * The same store, which writes down what is changed through it. For a process in which one person acts, such as a command
 * line; an engine changes things all the time, and nobody's name would stand for that.
 */
export function actingStore(store: Store, actor: string, record: (act: Act) => Promise<void>): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      const actsOf = Object.hasOwn(ACTS, name) ? Reflect.get(ACTS, name) : undefined;
      if (actsOf === undefined || typeof value !== 'function') return value;
      return async (...given: unknown[]) => {
        const result: unknown = await Reflect.apply(value, target, given);
        // The types of the table say that what reads a call takes its result and its arguments.
        const done = (actsOf as (...call: unknown[]) => readonly (Done | undefined)[])(result, ...given);
        await Promise.all(done.map(async (one) => one && record(actOf(actor, one))));
        return result;
      };
    },
  });
}

function actOf(actor: string, { refusal, ...act }: Done): Act {
  return { actor, ...act, outcome: refusal === undefined ? 'done' : 'refused', code: refusal };
}

/** Small documents of ours; undefined: it was taken away. */
function read(value: Uint8Array | undefined): unknown {
  return value === undefined ? null : (JSON.parse(new TextDecoder().decode(value)) as unknown);
}
