import type { LogPage, LogPageOptions } from '../../api/lines/log-page.ts';
import type { StartOptions } from '../../api/start-request.ts';
import type { HistoryItem } from '../../core/reading/history-items.ts';
import type { RunDescription } from '../../core/reading/describe-run.ts';
import type { RunDetail } from '../../core/reading/run-detail.ts';
import type { Why } from '../../core/policy/why.ts';
import type { RunStatus } from '../../core/status.ts';
import type { Millrace } from '../../millrace.ts';
import type { StartName } from '../../versions/acts/choose.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';

/**
 * What commands look at and act on: a store that this process has opened, or a server that it talks to. Both answer with
 * the shapes of the library, so that no command knows which it is.
 */
export interface House extends Pick<Millrace, Asked> {
  /**
   * The run that an argument names: a runId, an unambiguous beginning of one, or `key:KEY`.
   * @throws INVALID_ARGUMENT, RUN_NOT_FOUND.
   */
  findRun(argument: string): Promise<FoundRun>;
  /** The run that has this key. */
  findKey(key: string): Promise<FoundRun | undefined>;
  /** A page of runs, newest first, without their values. */
  runs(filter: ListFilter): Promise<RunPage>;
  /** The same runs with their values. */
  withValues(items: readonly RunDescription[]): Promise<readonly RunDescription[]>;
  run(runId: string): HouseRun;
  readonly keys: HouseKeys;
  start(
    workflow: AnyWorkflow | StartName,
    input: unknown,
    options: StartOptions,
  ): Promise<{ readonly runId: string }>;
}

/** What the library itself has. */
type Asked =
  | 'cluster'
  | 'strategy'
  | 'setStrategy'
  | 'failovers'
  | 'drain'
  | 'failover'
  | 'locks'
  | 'releaseLock'
  | 'queues'
  | 'limits'
  | 'setQueue'
  | 'setLimit'
  | 'deadLetters'
  | 'redrive'
  | 'definitions'
  | 'definition'
  | 'deploy'
  | 'activate'
  | 'rollout'
  | 'rollback';

/** API keys of the namespace. */
export interface HouseKeys {
  create(wish: KeyWish): Promise<CreatedKey>;
  list(page: { readonly limit: number; readonly cursor: string | undefined }): Promise<KeyPage>;
  /** @param options.by - as for `pause`. */
  revoke(keyId: string, options: { readonly by: string | undefined }): Promise<KeyDescription>;
}

export interface KeyWish {
  readonly role: string;
  readonly name: string | undefined;
  /** Milliseconds; without it the key is good until it is revoked. */
  readonly expiresIn?: number;
  readonly by: string | undefined;
}

export interface KeyDescription {
  readonly keyId: string;
  readonly namespace: string;
  readonly name: string;
  readonly role: string;
  readonly status: 'active' | 'expired' | 'revoked';
  readonly createdAt: string;
  readonly createdBy: string | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export interface CreatedKey extends KeyDescription {
  /** The key itself, which is nowhere else. */
  readonly key: string;
}

export interface KeyPage {
  readonly items: readonly KeyDescription[];
  readonly nextCursor: string | null;
}

export interface FoundRun {
  readonly runId: string;
  readonly workflow: string;
  readonly status: RunStatus;
}

/** Which runs, and which part of them. */
export interface ListFilter {
  readonly status?: readonly RunStatus[] | undefined;
  readonly workflow?: string | undefined;
  readonly tag?: string | undefined;
  readonly key?: string | undefined;
  /** Words in what people know it by. */
  readonly q?: string | undefined;
  /** Also those that make attempts of calls. */
  readonly tasks?: true | undefined;
  readonly limit: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
}

export interface RunPage {
  readonly items: readonly RunDescription[];
  readonly nextCursor: string | null;
}

/** One run. */
export interface HouseRun {
  describe(options?: { nodes?: boolean }): Promise<RunDescription>;
  /** Without its values: little to read, however long it is. */
  standing(): Promise<RunDescription>;
  /** How many events it has. */
  recorded(): Promise<number>;
  /** With everything that its history tells, and the nodes of a definition. */
  detail(): Promise<RunDetail>;
  /** @param from - position of the first event that is wanted; default: all. */
  history(from?: number): Promise<readonly HistoryItem[]>;
  /** A page of its log. */
  logPage(options: LogPageOptions): Promise<LogPage>;
  why(): Promise<Why>;
  /** Resolves when the run has ended or is blocked, as soon as that is known here. */
  ended(): Promise<void>;
  signal(name: string, payload: unknown, options: { id?: string }): Promise<void>;
  cancel(reason: string | undefined): Promise<void>;
  retry(options: { from: string | undefined }): Promise<void>;
  /** @param options.by - who sits at the terminal; of a server it is whose key it is. */
  pause(options: { reason: string | undefined; by: string | undefined }): Promise<void>;
  resume(): Promise<void>;
}
