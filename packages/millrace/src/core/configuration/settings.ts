import { LOG_LEVELS, RUN_LOG_LEVELS } from '../lines/line.ts';
import { DEFAULT_WEIGHTS } from '../placement/state.ts';
import { DEFAULT_STRATEGY, STRATEGIES, type StrategyName } from '../placement/strategy.ts';
import {
  count,
  hosts,
  list,
  milliseconds,
  keySetUrl,
  oneOf,
  share,
  shortText,
  smtpUrl,
  storeUrl,
  yesOrNo,
} from './readers.ts';
import { configuredKeys, maskKeys, type ConfiguredKey } from './api-keys.ts';
import { maskUrl } from './mask-url.ts';
import { NO_QUOTA, readQuota } from './quotas.ts';
import { SERVER_SETTINGS } from './server-settings.ts';
import { setting, type Setting } from './setting.ts';
import { maskPayloadKeys, readPayloadKeys, type PayloadKey } from '../payload/payload-keys.ts';

/**
 * Every variable that has an effect. Times are milliseconds, or text such as `5s`. Each can also be given as
 * `NAME_FILE`: the path of a file that holds the value.
 */
export const SETTINGS = {
  store: setting<string | undefined>({
    names: ['DATABASE_URL'],
    meaning:
      'The store: `file:PATH` (SQLite), `postgres://USER@HOST/DATABASE`, or `postgres://…@HOST1,HOST2/…` with standbys.',
    fallback: undefined,
    shown: 'file:./.millrace/millrace.db',
    reason: 'Works without a database server.',
    read: storeUrl,
    mask: maskUrl,
  }),
  engineName: setting<string | undefined>({
    names: ['NODE_ID', 'ENGINE_INSTANCE_ID'],
    meaning: 'Name of this engine in histories and lists.',
    fallback: undefined,
    shown: 'host name and process id',
    read: shortText,
  }),
  module: setting<string | undefined>({
    names: ['MILLRACE_MODULE'],
    meaning: 'Module whose `workflows` and `executors` are loaded.',
    fallback: undefined,
    shown: 'none',
    read: shortText,
  }),
  queues: setting<readonly string[] | undefined>({
    names: ['QUEUES'],
    meaning: 'Queues to take runs from, separated by commas.',
    fallback: undefined,
    shown: 'all',
    read: list,
  }),
  concurrency: setting({
    names: ['MAX_CONCURRENT_WORKFLOWS', 'MAX_CONCURRENCY'],
    meaning: 'Runs that this engine holds in turn at once.',
    fallback: 1000,
    shown: '1000',
    origin: '10 (5)',
    reason: 'A run in turn costs a few kilobytes, and one that waits costs nothing: it is not held.',
    read: count(1, 1_000_000),
  }),
  stepConcurrency: setting({
    names: ['MAX_CONCURRENT_NODES'],
    meaning: 'Steps that this engine executes at once.',
    fallback: 1000,
    shown: '1000',
    origin: '50',
    reason: 'Most steps wait for a network; lower it where they compute.',
    read: count(1, 1_000_000),
  }),
  poolMin: setting({
    names: ['AUTO_SCALE_MIN'],
    meaning: 'Worker processes for isolated executors that are always there, once there is such an executor.',
    fallback: 2,
    shown: '2',
    origin: '2',
    read: count(0, 1000),
  }),
  poolMax: setting({
    names: ['AUTO_SCALE_MAX'],
    meaning: 'Worker processes at most. Not fewer than `AUTO_SCALE_MIN`.',
    fallback: 10,
    shown: '10',
    origin: '10',
    reason: 'For jobs that compute, as many as there are cores are enough.',
    read: count(1, 1000),
  }),
  supportedExecutors: setting<readonly string[] | undefined>({
    names: ['SUPPORTED_EXECUTORS'],
    meaning:
      'Executors that this engine offers, of the module and of the built-in ones, separated by commas.',
    fallback: undefined,
    shown: 'all',
    read: list,
  }),
  allowShell: setting({
    names: ['ALLOW_SHELL'],
    meaning: 'Whether definitions may start programs on this machine (`shell.run`).',
    fallback: false,
    shown: 'false',
    reason: 'Whoever may deploy a definition could do anything that the engine may.',
    read: yesOrNo,
  }),
  httpAllowHosts: setting<readonly string[]>({
    names: ['HTTP_ALLOW_HOSTS'],
    meaning:
      'Hosts that `http.request` and `webhook.post` reach although not public, by commas: `host:port`, `host:*`.',
    fallback: [],
    shown: 'none',
    reason: 'What only this machine or its network can reach must not be reached by way of a definition.',
    read: hosts,
  }),
  smtpUrl: setting<string | undefined>({
    names: ['SMTP_URL'],
    meaning: 'The mail server of `email.send`: `smtp://USER:PASSWORD@HOST:PORT`, or `smtps://…`.',
    fallback: undefined,
    shown: 'none',
    read: smtpUrl,
    mask: maskUrl,
  }),
  smtpFrom: setting<string | undefined>({
    names: ['SMTP_FROM'],
    meaning: 'Sender of mails that name none.',
    fallback: undefined,
    shown: 'none',
    read: shortText,
  }),
  payloadKeys: setting<readonly PayloadKey[]>({
    names: ['PAYLOAD_KEYS'],
    meaning:
      'Keys that payloads in the store are encrypted with: `ID:BASE64` of 32 bytes, separated by commas. The first ' +
      'encrypts, all decrypt ([encryption](../guides/encryption.md)).',
    fallback: [],
    shown: 'none',
    reason: 'Whoever loses a key loses what was encrypted with it.',
    read: readPayloadKeys,
    mask: maskPayloadKeys,
  }),
  region: setting<string | undefined>({
    names: ['REGION'],
    meaning: 'Where this engine stands.',
    fallback: undefined,
    shown: 'none',
    read: shortText,
  }),
  labels: setting<readonly string[]>({
    names: ['ENGINE_LABELS'],
    meaning: 'What this engine has that others may lack, separated by commas.',
    fallback: [],
    shown: 'none',
    read: list,
  }),
  weight: setting({
    names: ['ENGINE_WEIGHT'],
    meaning: 'Share of work of this engine beside others.',
    fallback: 1,
    shown: '1',
    read: count(1, 1000),
  }),
  strategy: setting<StrategyName>({
    names: ['ASSIGNMENT_STRATEGY'],
    meaning:
      'By which this engine places runs that begin here, while `millrace strategy` has set none for all.',
    fallback: DEFAULT_STRATEGY,
    shown: 'load-balanced',
    origin: 'load-balanced',
    read: oneOf(...STRATEGIES),
  }),
  cpuWeight: setting({
    names: ['CPU_WEIGHT'],
    meaning: 'How much the processor counts in the load of an engine, beside the next two.',
    fallback: DEFAULT_WEIGHTS.cpu,
    shown: '0.3',
    origin: '0.3',
    read: share,
  }),
  memoryWeight: setting({
    names: ['MEMORY_WEIGHT'],
    meaning: 'How much memory counts.',
    fallback: DEFAULT_WEIGHTS.memory,
    shown: '0.3',
    origin: '0.3',
    read: share,
  }),
  workflowWeight: setting({
    names: ['WORKFLOW_WEIGHT'],
    meaning: 'How much the runs that it holds in turn count.',
    fallback: DEFAULT_WEIGHTS.workflow,
    shown: '0.4',
    origin: '0.4',
    read: share,
  }),
  expectedEngines: setting<readonly string[]>({
    names: ['CLUSTER_SEEDS'],
    meaning: 'Names of the engines that should be there; `millrace cluster` shows which are missing.',
    fallback: [],
    shown: 'none',
    reason: 'Engines find each other through the store.',
    read: list,
  }),
  maxRetries: setting({
    names: ['MAX_RETRIES'],
    meaning: 'Attempts after the first, of steps that say nothing themselves.',
    fallback: 3,
    shown: '3',
    origin: '3',
    read: count(0, 1_000_000),
  }),
  beatMs: setting({
    names: ['HEARTBEAT_INTERVAL'],
    meaning: 'Pause between two beats of an engine.',
    fallback: 1000,
    shown: '1000',
    origin: '30000',
    reason: 'A dead engine is noticed in seconds; a beat is one small statement.',
    read: milliseconds(100, 600_000),
  }),
  leaseMs: setting({
    names: ['FAILURE_DETECTION_TIMEOUT'],
    meaning: 'How long an engine may be silent before others take its runs. At least twice the beat.',
    fallback: 5000,
    shown: '5000',
    origin: '90000',
    reason: 'Wrong suspicion is harmless: whatever a suspected engine still writes is refused.',
    read: milliseconds(500, 3_600_000),
  }),
  lockMs: setting({
    names: ['LOCK_TIMEOUT'],
    meaning:
      'How long a lock is held at most whose asker says nothing. One of a process is renewed while it lives.',
    fallback: 300_000,
    shown: '300000',
    origin: '300000',
    read: milliseconds(100, 86_400_000),
  }),
  auditRetentionMs: setting({
    names: ['AUDIT_RETENTION'],
    meaning: 'How long entries of the audit log are kept. The engine that leads goes by its own.',
    fallback: 34_560_000_000,
    shown: '400d',
    reason: 'A year, and time to look at it.',
    read: milliseconds(3_600_000, 3_153_600_000_000),
  }),
  runLogLevel: setting({
    names: ['RUN_LOG_LEVEL'],
    meaning:
      'Least important lines of runs that are stored for `millrace logs`: `debug`, `info`, `warn`, `error`, or `off`.',
    fallback: 'info' as const,
    shown: 'info',
    read: oneOf(...RUN_LOG_LEVELS),
  }),
  runLogRetentionMs: setting({
    names: ['RUN_LOG_RETENTION'],
    meaning:
      'How long the log of a run is kept that has ended and says nothing more. The engine that leads goes by its own.',
    fallback: 2_592_000_000,
    shown: '30d',
    read: milliseconds(3_600_000, 3_153_600_000_000),
  }),
  failover: setting({
    names: ['ENABLE_FAILOVER'],
    meaning: 'Whether this engine takes the runs of silent ones; otherwise it only reports them.',
    fallback: true,
    shown: 'true',
    origin: 'true',
    read: yesOrNo,
  }),
  apiKeys: setting<readonly ConfiguredKey[]>({
    names: ['API_KEYS'],
    meaning:
      'Keys by which the API is used, beside those of `millrace keys`: `role:key` or `role@namespace:key`, by commas.',
    fallback: [],
    shown: 'none',
    reason:
      'For a first key, and for secrets that something else keeps. Take random ones, of 32 characters or more.',
    read: configuredKeys,
    mask: maskKeys,
  }),
  jwtIssuer: setting<string | undefined>({
    names: ['JWT_ISSUER'],
    meaning: 'Issuer whose tokens the API takes: their `iss`. With the next two, or none of the three.',
    fallback: undefined,
    shown: 'none',
    read: shortText,
  }),
  jwtAudience: setting<string | undefined>({
    names: ['JWT_AUDIENCE'],
    meaning: 'Audience that a token must be for: its `aud`.',
    fallback: undefined,
    shown: 'none',
    read: shortText,
  }),
  jwksUrl: setting<string | undefined>({
    names: ['JWKS_URL'],
    meaning: 'Where the issuer publishes its keys: `https://…`, or `http://…` on this machine.',
    fallback: undefined,
    shown: 'none',
    read: keySetUrl,
  }),
  quotaOpenRuns: setting({
    names: ['QUOTA_OPEN_RUNS'],
    meaning:
      'Runs that a namespace may have open before starts are refused: `1000`, `acme=50`, or both by commas.',
    fallback: NO_QUOTA,
    shown: 'none',
    read: readQuota,
  }),
  quotaStartsPerSecond: setting({
    names: ['QUOTA_STARTS_PER_SECOND'],
    meaning: 'Starts of a namespace in a second, at each server; written like the one before.',
    fallback: NO_QUOTA,
    shown: 'none',
    read: readQuota,
  }),
  quotaPayloadBytes: setting({
    names: ['QUOTA_PAYLOAD_BYTES'],
    meaning: 'Bytes of a request of a namespace, where they are to be fewer than all may send.',
    fallback: NO_QUOTA,
    shown: 'none',
    read: readQuota,
  }),
  maxRequests: setting({
    names: ['MAX_REQUESTS'],
    meaning: 'Requests that are in a server at once; more are refused at once.',
    fallback: 1024,
    shown: '1024',
    read: count(1, 100_000),
  }),
  maxNamespaceRequests: setting({
    names: ['MAX_NAMESPACE_REQUESTS'],
    meaning:
      'Requests of a namespace that a server works on at once; three times as many wait for their turn.',
    fallback: 128,
    shown: '128',
    reason:
      'Beside other namespaces each has a 32nd part of it, so that none stands in the way of the others.',
    read: count(1, 100_000),
  }),
  logLevel: setting({
    names: ['LOG_LEVEL'],
    meaning: 'Least important lines that are logged: `debug`, `info`, `warn` or `error`.',
    fallback: 'info' as const,
    shown: 'info',
    read: oneOf(...LOG_LEVELS),
  }),
  logFormat: setting({
    names: ['LOG_FORMAT'],
    meaning: 'Form of the log on standard error: `text` or `json`.',
    fallback: 'text' as const,
    shown: 'text',
    read: oneOf('text', 'json'),
  }),
  ...SERVER_SETTINGS,
} as const;

type Settings = typeof SETTINGS;

/** What an environment means: a value for every setting. */
export type Configuration = {
  readonly [K in keyof Settings]: Settings[K] extends Setting<infer T> ? T : never;
};
