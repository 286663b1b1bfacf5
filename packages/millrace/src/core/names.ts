import { MillraceError, show } from './errors.ts';
import { PRIORITIES, type Priority } from './status.ts';
import { didYouMean } from './suggest.ts';

/*
 * The rules for every text that callers name things with. All of them are stored, compared and shown, so that
 * none may be empty, or hold what a database could not give back exactly: NUL and lone surrogates.
 */

const NAME_CHARS = 256;
const KEY_CHARS = 512;
const QUEUE_CHARS = 128;
const TAG_CHARS = 128;
const MAX_TAGS = 64;

const WORKFLOW_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const VERSION = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * A name inside a run or of an executor: 1 to 256 characters of any kind but NUL and lone surrogates.
 * @param kind - what it names: `step`, `signal`, `executor`.
 * @throws `INVALID_ARGUMENT`.
 */
export function checkName(kind: string, name: unknown): asserts name is string {
  checkText(`${kind} name`, name, NAME_CHARS);
}

/** The name of a workflow: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`. @throws `INVALID_ARGUMENT`. */
export function checkWorkflowName(name: unknown): asserts name is string {
  if (typeof name === 'string' && WORKFLOW_NAME.test(name)) return;
  const remedy = 'Use 1 to 128 letters, digits, ".", "_" and "-", beginning with a letter or digit.';
  throw invalid(`workflow name ${show(name)} is not allowed`, remedy);
}

/**
 * Names of the workflows whose runs are attempts of calls begin so: such a run makes one attempt for a step of
 * another run, where the executor is. No workflow of an author can have such a name.
 */
export const TASK_PREFIX = '$task/';

/** The executor whose attempts the runs of this workflow make; undefined for a workflow of an author. */
export function executorOf(workflow: string): string | undefined {
  return workflow.startsWith(TASK_PREFIX) ? workflow.slice(TASK_PREFIX.length) : undefined;
}

/** A run's key: 1 to 512 characters of any kind but NUL and lone surrogates. @throws `INVALID_ARGUMENT`. */
export function checkKey(key: unknown): asserts key is string {
  checkText('key', key, KEY_CHARS);
}

/**
 * The name of a queue: 1 to 128 characters of any kind but NUL and lone surrogates. @throws
 * `INVALID_ARGUMENT`.
 */
export function checkQueue(queue: unknown): asserts queue is string {
  checkText('queue name', queue, QUEUE_CHARS);
}

/**
 * A run's tags: at most 64, each 1 to 128 characters but NUL and lone surrogates. @throws `INVALID_ARGUMENT`.
 */
export function checkTags(tags: unknown): asserts tags is readonly string[] {
  if (!Array.isArray(tags))
    throw invalid(`tags must be a list, got ${show(tags)}`, "Pass a list such as ['urgent'].");
  if (tags.length > MAX_TAGS) throw invalid(`${tags.length} tags are too many`, `Use at most ${MAX_TAGS}.`);
  for (const [index, tag] of tags.entries()) checkText(`tags[${index}]`, tag, TAG_CHARS);
}

/**
 * A version as it is stored: 1 and `'1'` are the same.
 * @param version - a positive integer, or `[A-Za-z0-9._-]{1,64}`.
 * @param where - the subject of the error message: `workflow "order"`.
 * @throws `INVALID_ARGUMENT`.
 */
export function resolveVersion(version: unknown, where: string): string {
  if (typeof version === 'number' && Number.isSafeInteger(version) && version > 0) return String(version);
  if (typeof version === 'string' && VERSION.test(version)) return version;
  const remedy = 'Use a positive whole number, or 1 to 64 letters, digits, ".", "_" and "-".';
  throw invalid(`${where}: version ${show(version)} is not allowed`, remedy);
}

/** One of the priority words. @throws `INVALID_ARGUMENT` with the likely spelling. */
export function resolvePriority(priority: unknown, where: string): Priority {
  const found = PRIORITIES.find((word) => word === priority);
  if (found !== undefined) return found;
  const guess = typeof priority === 'string' ? didYouMean(priority, PRIORITIES) : undefined;
  const remedy = guess === undefined ? `Use one of ${PRIORITIES.join(', ')}.` : `Did you mean "${guess}"?`;
  throw invalid(`${where}: unknown priority ${show(priority)}`, remedy);
}

/** Runs for each step of each run: the common case is four comparisons and two native scans. */
function checkText(what: string, text: unknown, maxChars: number): asserts text is string {
  if (typeof text !== 'string') throw invalid(`${what} must be text, got ${show(text)}`, 'Pass a string.');
  if (text.length === 0) throw invalid(`${what} is empty`, `Use 1 to ${maxChars} characters.`);
  if (text.length > maxChars) {
    throw invalid(`${what} ${show(text)} is too long`, `Use at most ${maxChars} characters.`);
  }
  if (text.includes('\0')) throw invalid(`${what} ${show(text)} contains a NUL character`, 'Remove it.');
  if (!text.isWellFormed()) {
    throw invalid(`${what} ${show(text)} contains half of a surrogate pair`, 'Cut text between characters.');
  }
}

function invalid(what: string, remedy: string): MillraceError {
  return new MillraceError('INVALID_ARGUMENT', what, { remedy });
}
