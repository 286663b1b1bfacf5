import { MillraceError, show } from '../core/errors.ts';
import type { Terminal } from './terminal.ts';

/**
 * The value of an argument that is JSON, `@FILE` or `@-` (standard input).
 * @param what - the subject of messages: `--input`.
 * @throws INVALID_ARGUMENT with line and column.
 */
export async function readJsonArgument(terminal: Terminal, what: string, given: string): Promise<unknown> {
  if (!given.startsWith('@')) return parseJson(what, given);
  const path = given.slice(1);
  const remedy = 'Correct it at that place.';
  return parseJson(
    `${what}, ${path === '-' ? 'standard input' : path}`,
    await textIn(terminal, what, path),
    remedy,
  );
}

async function textIn(terminal: Terminal, what: string, path: string): Promise<string> {
  if (path === '-') return terminal.readInput();
  try {
    return terminal.readFile(path);
  } catch (cause) {
    throw new MillraceError(
      'INVALID_ARGUMENT',
      `${what}: ${path} cannot be read: ${(cause as Error).message}`,
      {
        remedy: 'Name a file that exists, or give the JSON itself.',
        cause,
      },
    );
  }
}

/** @throws INVALID_ARGUMENT with line and column. */
export function parseJson(what: string, text: string, remedy: string = remedyFor(text)): unknown {
  const json = text.replace(/^\uFEFF/, '');
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    const { line, column } = placeOfFault(json);
    // The engine of JavaScript quotes the text and counts characters; our own place says more.
    const reason = (error as Error).message.replace(
      /(?:, .* is not valid JSON|(?: in JSON)? at position .*| JSON input)$/s,
      '',
    );
    const fault = reason.startsWith('Unexpected end') ? 'it ends too early' : reason;
    throw new MillraceError(
      'INVALID_ARGUMENT',
      `${what} is not JSON: line ${line}, column ${column}: ${fault} (${show(text)})`,
      { remedy, details: { line, column }, cause: error },
    );
  }
}

function remedyFor(text: string): string {
  if (/^[\w .-]+$/.test(text))
    return `Quote text twice, for JSON and for the shell: '${JSON.stringify(text)}'.`;
  return `Write keys and text in double quotes, and the whole in single quotes for the shell: '{"id":17}'.`;
}

/**
 * The first place after which the text cannot become JSON any more. Not every message of JSON.parse tells the
 * place, but a beginning of the text fails for another reason than its end exactly when it contains the
 * fault.
 */
function placeOfFault(text: string): { line: number; column: number } {
  let sound = 0;
  let faulty = text.length;
  while (sound < faulty) {
    const middle = sound + Math.floor((faulty - sound) / 2) + 1;
    if (isFaulty(text.slice(0, middle))) faulty = middle - 1;
    else sound = middle;
  }
  const lines = text.slice(0, sound).split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

/** Whether a beginning is wrong already, however it may go on. */
function isFaulty(beginning: string): boolean {
  try {
    JSON.parse(beginning);
    return false;
  } catch (error) {
    const { message } = error as Error;
    if (/^(?:Unexpected end|Unterminated)/.test(message)) return false;
    const position = /at position (\d+)/.exec(message)?.[1];
    return position === undefined || Number(position) < beginning.length;
  }
}
