import { plainJson } from '../json/plain-json.ts';
import { flawIn, sayFlaw } from '../payload/unreadable.ts';
import { instant } from '../reading/instant.ts';

/* A line of a run's log: what a program or a step of it says to people. It decides nothing and is no history. */

/** From the least important on. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
/** What of a log is stored: nothing, or from this level on. */
export const RUN_LOG_LEVELS = [...LOG_LEVELS, 'off'] as const;

/** A line as it is written. */
export interface Line {
  readonly level: LogLevel;
  readonly message: string;
  /** The step that says it; undefined: the workflow's function does. */
  readonly step?: string | undefined;
  /** Of the step, from 1. */
  readonly attempt?: number | undefined;
  /** Name of the engine where it was said. */
  readonly engine: string;
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
}

/** A line as every surface shows it. */
export interface RunLogLine {
  /** Its place in the log of the run, from 1. */
  readonly seq: number;
  /** When it was said: ISO 8601, store time. */
  readonly at: string;
  readonly level: LogLevel;
  readonly message: string;
  /** The step that says it, and which attempt of it, from 1. */
  readonly step?: string | undefined;
  readonly attempt?: number | undefined;
  /** Name of the engine where it was said. */
  readonly engineId?: string | undefined;
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
}

/** Longer messages are cut. */
export const MAX_MESSAGE_CHARS = 4_000;
/** Of the JSON of a line's fields; larger ones are left out. */
export const MAX_FIELDS_CHARS = 8_000;

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder();

/** What a program says without types may be anything. */
interface Said {
  readonly message: unknown;
  readonly fields?: unknown;
}

/** What was said, as far as it can be told: a text, and fields if there are any. */
export function soundLine({ message, fields }: Said): { message: string; fields: Line['fields'] } {
  return { message: textOf(message), fields: fieldsOf(fields) };
}

function fieldsOf(said: unknown): Line['fields'] {
  if (said === undefined || said === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(said);
  if (prototype !== Object.prototype && prototype !== null) return { fields: said };
  try {
    return { ...said };
  } catch (error) {
    return omitted(error);
  }
}

/** Of fields that refer to themselves, or throw when they are looked at. */
function omitted(error: unknown): { omitted: string } {
  return { omitted: `the fields: ${error instanceof Error ? error.message : textOf(error)}` };
}

function textOf(said: unknown): string {
  try {
    return String(said);
  } catch {
    // Of an object without a prototype, or with a sore one.
    return 'a message that is no text';
  }
}

/** A line as it is stored: of bounded size, whatever was said. Values that JSON does not have become text. */
export function encodeLine({ message, fields, ...line }: Line): Uint8Array {
  const text = JSON.stringify({ ...line, message: cut(message) });
  return UTF8.encode(fields === undefined ? text : `${text.slice(0, -1)},"fields":${fieldsText(fields)}}`);
}

function cut(message: string): string {
  const over = message.length - MAX_MESSAGE_CHARS;
  return over <= 0 ? message : `${message.slice(0, MAX_MESSAGE_CHARS)}… (${over} characters more)`;
}

function fieldsText(fields: NonNullable<Line['fields']>): string {
  try {
    const text = plainJson(fields);
    if (text.length <= MAX_FIELDS_CHARS) return text;
    return JSON.stringify({ omitted: `the fields, ${text.length} characters of JSON` });
  } catch (error) {
    return JSON.stringify(omitted(error));
  }
}

/** A stored line. One that cannot be opened says so in its place: those around it are read all the same. */
export function readLine({ seq, at, body }: { seq: number; at: number; body: Uint8Array }): RunLogLine {
  const flaw = flawIn(body);
  if (flaw !== undefined) return { seq, at: instant(at), level: 'warn', message: sayFlaw(flaw) };
  // Written above.
  const { engine, ...line } = JSON.parse(TEXT.decode(body)) as Line;
  return { seq, at: instant(at), ...line, engineId: engine };
}

export function isAtLeast(level: LogLevel, least: LogLevel): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(least);
}
