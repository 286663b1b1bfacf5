import { instant } from '../reading/instant.ts';

/** `done`; `refused`: nothing has changed; `failed`: whether anything has changed is not known. */
export type ActOutcome = 'done' | 'refused' | 'failed';

export const ACT_OUTCOMES = ['done', 'refused', 'failed'] as const satisfies readonly ActOutcome[];

/** Something that somebody did, or tried to do, as whoever saw it tells it. */
export interface Act {
  /** `key:ID`, `token:SUBJECT`, `local`, `cli:USER@HOST`. */
  readonly actor: string;
  /** Its name in the API: `cancelRun`. */
  readonly action: string;
  /** `runs/0192…`, `queues/mail`. */
  readonly target?: string | undefined;
  readonly outcome: ActOutcome;
  /** Of the refusal: a code of the catalogue. */
  readonly code?: string | undefined;
  /** Address that it came from. */
  readonly remote?: string | undefined;
  /** What whoever did it gave as the reason. */
  readonly reason?: string | undefined;
  readonly requestId?: string | undefined;
  /** What was before and is after, where that is small. Never a payload of a run. */
  readonly before?: unknown;
  readonly after?: unknown;
}

/** An entry of the audit log as every surface shows it. */
export interface AuditDescription {
  readonly id: string;
  /** When it was written: the store's time. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string | null;
  readonly outcome: ActOutcome;
  readonly code: string | null;
  readonly remote: string | null;
  readonly reason: string | null;
  readonly requestId: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

const MOST_CHARS = 200;
const MOST_REASON_CHARS = 500;
/** Of JSON. */
const MOST_STATE_CHARS = 2_000;

/** The texts of an act as they are stored: cut to size, and without what a store could not keep. */
export interface ActTexts {
  readonly actor: string;
  readonly action: string;
  readonly target: string | undefined;
  readonly outcome: ActOutcome;
  readonly code: string | undefined;
  readonly remote: string | undefined;
  readonly reason: string | undefined;
  readonly requestId: string | undefined;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

export function textsOf({ outcome, before, after, ...act }: Act): ActTexts {
  return {
    actor: cut(act.actor, MOST_CHARS),
    action: cut(act.action, MOST_CHARS),
    target: optional(act.target, MOST_CHARS),
    outcome,
    code: optional(act.code, MOST_CHARS),
    remote: optional(act.remote, MOST_CHARS),
    reason: optional(act.reason, MOST_REASON_CHARS),
    requestId: optional(act.requestId, MOST_CHARS),
    before: stateOf(before),
    after: stateOf(after),
  };
}

/** What is not small is left out: the log says that something changed, and the history of the thing says what. */
function stateOf(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = plain(JSON.stringify(value));
  return text.length > MOST_STATE_CHARS ? undefined : text;
}

function optional(text: string | undefined, most: number): string | undefined {
  return text === undefined ? undefined : cut(text, most);
}

function cut(text: string, most: number): string {
  return plain(text.length > most ? `${text.slice(0, most - 1)}…` : text);
}

/** Without what no store keeps exactly: NUL characters and halves of surrogate pairs. */
function plain(text: string): string {
  return text.isWellFormed() && !text.includes('\0') ? text : text.replaceAll('\0', '').toWellFormed();
}

/** An entry as the store has it. */
export interface StoredAct extends ActTexts {
  readonly id: string;
  readonly at: number;
}

export function describeAct(entry: StoredAct): AuditDescription {
  const { id, actor, action, outcome } = entry;
  return {
    ...{ id, at: instant(entry.at), actor, action },
    target: entry.target ?? null,
    outcome,
    code: entry.code ?? null,
    remote: entry.remote ?? null,
    reason: entry.reason ?? null,
    requestId: entry.requestId ?? null,
    before: read(entry.before),
    after: read(entry.after),
  };
}

function read(state: string | undefined): unknown {
  return state === undefined ? null : (JSON.parse(state) as unknown);
}
