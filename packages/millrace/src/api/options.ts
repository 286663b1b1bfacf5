import { hostAndPort, smtpUrl } from '../core/configuration/readers.ts';
import { payloadKeyProblems, type PayloadKey } from '../core/payload/payload-keys.ts';
import { maskUrl } from '../core/configuration/mask-url.ts';
import { isSecretName, isSecrets, secretsOf, type Secrets } from '../core/configuration/secrets.ts';
import { MillraceError, checkOptions, show } from '../core/errors.ts';
import { durationMs, type Duration } from '../core/duration.ts';
import { RUN_LOG_LEVELS, type LogLevel } from '../core/lines/line.ts';
import { checkName } from '../core/names.ts';
import { DEFAULT_WEIGHTS, type LoadWeights } from '../core/placement/state.ts';
import { DEFAULT_STRATEGY, parseStrategy, type StrategyName } from '../core/placement/strategy.ts';
import { resolveRetry, DEFAULT_RETRY, type RetryOptions } from '../core/policy/retry.ts';
import { isIsolated, type IsolatedExecutor } from '../core/pool/isolated.ts';
import { poolSettings, type PoolOptions, type PoolSettings } from '../core/pool/pool-options.ts';
import type { Executor } from '../core/workflow/context.ts';
import type { AnyWorkflow } from '../core/workflow/workflow.ts';
import type { EngineOptions } from '../engine/options.ts';
import type { EngineLog, Ports } from '../engine/ports.ts';
import type { Store } from '../store/port/store.ts';

/** What `Millrace.open` accepts. */
export interface MillraceOptions {
  /** `file:PATH`, `sqlite::memory:`, `postgres://…`, or an open store. Default: DATABASE_URL, else a file. */
  store?: string | Store | undefined;
  workflows?: readonly AnyWorkflow[] | undefined;
  /**
   * Step handlers by name: functions, or `isolated(…)` ones that run in worker processes. One with the name of a built-in
   * executor takes its place.
   */
  executors?: Readonly<Record<string, Executor | IsolatedExecutor>> | undefined;
  /** The worker processes of isolated executors. */
  pool?: PoolOptions | undefined;
  /** Name of this engine. Default: NODE_ID, else host and pid. */
  name?: string | undefined;
  /** False: a client that starts, signals and reads, and executes nothing. Default true. */
  work?: boolean | undefined;
  /**
   * Who acts through this client: what it changes is written into the audit log under this name. An engine has none: whoever
   * acts through it says so with `record`.
   */
  actor?: string | undefined;
  namespace?: string | undefined;
  /** Queues to take runs from. Default: all. */
  queues?: readonly string[] | undefined;
  /** Where this engine stands, for placement: `eu-west`. */
  region?: string | undefined;
  /** What this engine has that others may lack, for placement: `gpu`. */
  labels?: readonly string[] | undefined;
  /** Its share of work beside others. Default 1. */
  weight?: number | undefined;
  /**
   * By which this engine places what begins here, while `setStrategy` has set none for all engines. Default
   * `load-balanced`.
   */
  strategy?: StrategyName | undefined;
  /** How much CPU, memory and occupancy count in a load; only their proportion matters. Default 0.3, 0.3, 0.4. */
  loadWeights?: Partial<LoadWeights> | undefined;
  /** Names of the executors that this engine offers, own and built-in. Default: all. */
  supportedExecutors?: readonly string[] | undefined;
  /** What definitions may use as `secrets.NAME`: texts by name, or where they are looked up. Default: none. */
  secrets?: Readonly<Record<string, string>> | Secrets | undefined;
  /** Payloads in the store are encrypted with the first of these, and opened with any of them. Default: they are not. */
  payloadKeys?: readonly PayloadKey[] | undefined;
  /** Whether `shell.run` may start programs. Default false. */
  allowShell?: boolean | undefined;
  /** `host:port` that `http.request` and `webhook.post` reach although the address is not public. Default: none. */
  httpAllowHosts?: readonly string[] | undefined;
  /** The mail server of `email.send`, `smtp://…`, and the sender of mails that name none. Default: none. */
  smtp?: { readonly url: string; readonly from?: string | undefined } | undefined;
  /** Names of the engines that should be there: `cluster()` tells which are missing. */
  expectedEngines?: readonly string[] | undefined;
  /** False: it reports silent engines and leaves it to others to declare them dead. Default true. */
  failover?: boolean | undefined;
  /** Runs in turn at once. Default 1,000. */
  concurrency?: number | undefined;
  /** Steps that run at once. Default 1,000. */
  stepConcurrency?: number | undefined;
  /** Suspended runs kept in memory. Default 10,000. */
  cacheSize?: number | undefined;
  /**
   * How long a run that wakes up is kept for the engine that has it in memory; 0: any engine takes it. Default 200 ms.
   */
  sticky?: Duration | undefined;
  /** Of steps that say nothing themselves: 4 attempts, 1 s, 2 s, 4 s. */
  retry?: RetryOptions | number | false | undefined;
  /** Renewal interval. Default 1 s. */
  beat?: Duration | undefined;
  /** How long an engine may be silent before others take its runs. Default 5 s. */
  lease?: Duration | undefined;
  /** The same for an engine whose process is known to be gone. Default a beat and a quarter. */
  suspect?: Duration | undefined;
  /** Process deaths in a row that a run survives as the sole suspect. Default 3. */
  deathLimit?: number | undefined;
  /** Longest pause between two looks for queued runs while beats do not say that there are none. Default 1 s. */
  idlePoll?: Duration | undefined;
  /** How long a lock is held that says nothing itself. Default 5 minutes. */
  lockTimeout?: Duration | undefined;
  /** How long entries of the audit log are kept. The engine that leads goes by its own. Default 400 days. */
  auditRetention?: Duration | undefined;
  /**
   * Least important lines of `ctx.log` and `step.log` that are stored for `logs`: `debug`, `info`, `warn`, `error`, or
   * `off`. Default `info`.
   */
  runLogLevel?: LogLevel | 'off' | undefined;
  /**
   * How long the log of a run is kept that has ended and says nothing more. The engine that leads goes by its own.
   * Default 30 days.
   */
  runLogRetention?: Duration | undefined;
  /** How long a closed run answers for its key. Default 7 days. */
  dedup?: Duration | undefined;
  /** Of one value as stored. Default 2 MiB. */
  maxPayloadBytes?: number | undefined;
  /** Where log lines of engine and workflows go. Default: nowhere. */
  log?: ((entry: EngineLog) => void) | undefined;
  /** Clocks, timers and randomness: replaced by the simulator. */
  ports?: Ports | undefined;
}

const OPTIONS: readonly (keyof MillraceOptions)[] = [
  ...([
    'store',
    'workflows',
    'executors',
    'name',
    'work',
    'actor',
    'namespace',
    'queues',
    'concurrency',
  ] as const),
  ...([
    'stepConcurrency',
    'cacheSize',
    'sticky',
    'retry',
    'beat',
    'lease',
    'suspect',
    'deathLimit',
    'idlePoll',
  ] as const),
  ...(['dedup', 'maxPayloadBytes', 'log', 'ports', 'pool', 'lockTimeout', 'auditRetention'] as const),
  ...(['region', 'labels', 'weight', 'supportedExecutors', 'expectedEngines', 'failover'] as const),
  ...(['strategy', 'loadWeights', 'secrets', 'allowShell', 'httpAllowHosts', 'smtp'] as const),
  ...(['payloadKeys', 'runLogLevel', 'runLogRetention'] as const),
];

const DURATIONS = [
  ...(['beat', 'lease', 'suspect', 'idlePoll', 'dedup', 'sticky', 'lockTimeout'] as const),
  ...(['auditRetention', 'runLogRetention'] as const),
] as const;

/** What the options say for the engine, and for what the root puts before it. */
export interface ResolvedOptions extends Omit<EngineOptions, 'executors' | 'reportPool'> {
  readonly executors: Readonly<Record<string, Executor | IsolatedExecutor>>;
  readonly supportedExecutors: readonly string[] | undefined;
  readonly pool: PoolSettings;
  readonly actor: string | undefined;
  readonly secrets: Secrets;
  readonly payloadKeys: readonly PayloadKey[];
  readonly allowShell: boolean;
  readonly httpAllowHosts: readonly string[];
  readonly smtp: MillraceOptions['smtp'];
}

/**
 * Options with defaults. @throws UNKNOWN_OPTION, INVALID_ARGUMENT, INVALID_DURATION, DUPLICATE_REGISTRATION.
 */
export function engineOptions(options: MillraceOptions, defaultName: () => string): ResolvedOptions {
  const where = 'Millrace.open';
  checkOptions(where, options, OPTIONS);
  const { workflows = [], executors = {}, namespace = 'default' } = options;
  checkWorkflows(workflows);
  checkExecutors(executors);
  checkName('namespace', namespace);
  const ms = (name: (typeof DURATIONS)[number], fallback: number): number => {
    const given = options[name];
    return given === undefined ? fallback : durationMs(given, `${where}, ${name}`);
  };
  const beatMs = ms('beat', 1_000);
  const retry =
    options.retry === undefined ? DEFAULT_RETRY : resolveRetry(options.retry, DEFAULT_RETRY, where);
  return {
    name: options.name ?? defaultName(),
    namespace,
    actor: actorOf(options),
    queues: options.queues,
    region: options.region === undefined ? undefined : checkedName('region', options.region),
    labels: [...new Set(options.labels ?? [])].map((label) => checkedName('label', label)),
    weight: count(options.weight ?? 1, 'weight'),
    strategy: parseStrategy(options.strategy ?? DEFAULT_STRATEGY, `${where}, strategy`),
    loadWeights: weights(options.loadWeights),
    expectedEngines: options.expectedEngines ?? [],
    failover: options.failover ?? true,
    workflows,
    executors,
    supportedExecutors: options.supportedExecutors,
    ...outside(options),
    payloadKeys: checkedKeys(options.payloadKeys, where),
    pool: poolSettings(options.pool, `${where}, pool`),
    concurrency: count(options.concurrency ?? 1_000, 'concurrency'),
    stepConcurrency: count(options.stepConcurrency ?? 1_000, 'stepConcurrency'),
    cacheSize: count(options.cacheSize ?? 10_000, 'cacheSize'),
    stickyMs: ms('sticky', 200),
    commitLanes: 2,
    beatMs,
    leaseMs: ms('lease', 5_000),
    // A beat that is merely due is no silence.
    suspectMs: ms('suspect', beatMs * 1.25),
    deathLimit: count(options.deathLimit ?? 3, 'deathLimit'),
    idlePollMs: ms('idlePoll', 1_000),
    auditMs: 1_000,
    auditRetentionMs: ms('auditRetention', 400 * 24 * 3_600_000),
    runLogLevel: runLogLevel(options.runLogLevel),
    runLogRetentionMs: ms('runLogRetention', 30 * 24 * 3_600_000),
    lockMs: ms('lockTimeout', 300_000),
    dedupMs: ms('dedup', 7 * 24 * 3_600_000),
    maxPayloadBytes: count(options.maxPayloadBytes ?? 2 * 1024 * 1024, 'maxPayloadBytes'),
    defaultStep: { retry, timeoutMs: undefined, totalTimeoutMs: undefined, heartbeatTimeoutMs: undefined },
  };
}

function actorOf({ actor, work }: MillraceOptions): string | undefined {
  if (actor === undefined || work === false) return actor;
  throw new MillraceError('INVALID_ARGUMENT', 'Millrace.open: actor is given to an engine', {
    remedy: 'Pass work: false, or leave actor out and call record() for what somebody does.',
  });
}

function runLogLevel(level: LogLevel | 'off' = 'info'): LogLevel | 'off' {
  if (RUN_LOG_LEVELS.includes(level)) return level;
  throw new MillraceError('INVALID_ARGUMENT', `Millrace.open: runLogLevel is ${show(level)}`, {
    remedy: `Use ${RUN_LOG_LEVELS.join(', ')}.`,
  });
}

function checkedName(kind: string, value: string): string {
  checkName(kind, value);
  return value;
}

type Outside = Pick<ResolvedOptions, 'secrets' | 'allowShell' | 'httpAllowHosts' | 'smtp'>;

/** What the built-in executors may do and know. */
function outside({ secrets = {}, allowShell = false, httpAllowHosts = [], smtp }: MillraceOptions): Outside {
  if (!isSecrets(secrets)) {
    for (const [name, value] of Object.entries(secrets)) {
      if (isSecretName(name) && typeof value === 'string') continue;
      // The value is a secret, whatever else is wrong with it.
      throw new MillraceError(
        'INVALID_ARGUMENT',
        `Millrace.open: secrets has ${show(name)}, ${typeof value}`,
        {
          remedy: 'Pass texts under names of letters, digits and _, with no digit at the beginning.',
        },
      );
    }
  }
  for (const host of httpAllowHosts) checkText('httpAllowHosts', host, () => hostAndPort(host));
  checkOptions('Millrace.open, smtp', smtp, ['url', 'from']);
  if (smtp !== undefined) checkText('smtp.url', maskUrl(smtp.url), () => smtpUrl(smtp.url));
  return { secrets: secretsOf(secrets), allowShell, httpAllowHosts, smtp };
}

/** @throws INVALID_ARGUMENT with every problem. */
export function checkedKeys(keys: readonly PayloadKey[] = [], where: string): readonly PayloadKey[] {
  const problems = payloadKeyProblems(keys);
  if (problems.length === 0) return keys;
  throw new MillraceError('INVALID_ARGUMENT', `${where}: payloadKeys: ${problems.join('; ')}`, {
    remedy: 'Pass keys of 32 bytes, each with an id of its own.',
  });
}

function checkText(option: string, value: string, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    const what = `Millrace.open: ${option} has ${show(value)}, which ${(error as Error).message}`;
    throw new MillraceError('INVALID_ARGUMENT', what);
  }
}

function weights(given: Partial<LoadWeights> = {}): LoadWeights {
  checkOptions('Millrace.open, loadWeights', given, Object.keys(DEFAULT_WEIGHTS));
  const weight = (name: keyof LoadWeights): number => {
    const value = given[name] ?? DEFAULT_WEIGHTS[name];
    if (Number.isFinite(value) && value >= 0) return value;
    throw new MillraceError('INVALID_ARGUMENT', `Millrace.open: loadWeights.${name} is ${String(value)}`, {
      remedy: 'Pass a number of at least 0.',
    });
  };
  return { cpu: weight('cpu'), memory: weight('memory'), workflow: weight('workflow') };
}

function count(value: number, name: string): number {
  if (Number.isInteger(value) && value >= 1) return value;
  throw new MillraceError('INVALID_ARGUMENT', `Millrace.open: ${name} is ${String(value)}`, {
    remedy: 'Pass a whole number of at least 1.',
  });
}

function checkWorkflows(workflows: readonly AnyWorkflow[]): void {
  const seen = new Set<string>();
  for (const workflow of workflows) {
    if (typeof workflow?.run !== 'function') {
      const remedy = "Pass what workflow('name', …) returned.";
      throw new MillraceError('INVALID_ARGUMENT', 'Millrace.open: workflows has something that is none', {
        remedy,
      });
    }
    const id = `"${workflow.name}" version ${workflow.version}`;
    if (seen.has(id)) throw new MillraceError('DUPLICATE_REGISTRATION', `workflow ${id} is registered twice`);
    seen.add(id);
  }
}

function checkExecutors(executors: Readonly<Record<string, Executor | IsolatedExecutor>>): void {
  for (const [name, executor] of Object.entries(executors)) {
    checkName('executor', name);
    if (typeof executor === 'function' || isIsolated(executor)) continue;
    const remedy = 'Pass a function, (input, step) => …, or what isolated(…) returned.';
    throw new MillraceError('INVALID_ARGUMENT', `executor "${name}" is ${typeof executor}`, { remedy });
  }
}
