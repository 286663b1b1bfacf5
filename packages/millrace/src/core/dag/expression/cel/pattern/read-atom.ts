import { Fault } from '../fault.ts';
import type { Emit } from './parts.ts';
import { addStep } from './pattern.ts';

/** Where in a pattern its reading is. */
export interface Reader {
  readonly text: string;
  at: number;
  /** Of single characters: `u`, with `i` and `s` where the pattern begins with them. */
  readonly flags: string;
}

export function wrong({ at }: Reader, what: string): Fault {
  return new Fault(`the pattern is wrong at character ${at + 1}: ${what}`);
}

/** A character, a class of characters or an edge. The caller has seen that there is something to read. */
export function readAtom(reader: Reader): Emit {
  const { text, at } = reader;
  const char = String.fromCodePoint(text.codePointAt(at) as number);
  switch (char) {
    case '[':
      return readClass(reader);
    case '\\':
      return readEscape(reader);
    case '.':
      reader.at++;
      return oneOf(reader, '.');
    case '^':
      reader.at++;
      return edge((before) => before === '');
    case '$':
      reader.at++;
      return edge((_, after) => after === '');
    case '*':
    case '+':
    case '?':
    case '{':
      throw wrong(reader, `there is nothing before ${char}, which stands for itself as \\${char}`);
    default:
      reader.at += char.length;
      return exactly(reader, char);
  }
}

const CLASS = /\[\^?(?!\])(?:[^\]\\]|\\.)*\]/suy;

function readClass(reader: Reader): Emit {
  CLASS.lastIndex = reader.at;
  const found = CLASS.exec(reader.text)?.[0];
  if (found === undefined) throw wrong(reader, 'a [ without ], or with nothing in it');
  if (found.includes('[:')) throw wrong(reader, 'there are no classes such as [:alpha:]; write [a-zA-Z]');
  const emit = oneOf(reader, found);
  reader.at += found.length;
  return emit;
}

const ESCAPE = /\\(?:[dDwWsStnrfv]|[pP]\{[^}]*\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})/y;
const EDGES = new Map<string, (before: string, after: string) => boolean>([
  ['b', (before, after) => isWord(before) !== isWord(after)],
  ['B', (before, after) => isWord(before) === isWord(after)],
  ['A', (before) => before === ''],
  ['z', (_, after) => after === ''],
]);

function readEscape(reader: Reader): Emit {
  ESCAPE.lastIndex = reader.at;
  const found = ESCAPE.exec(reader.text)?.[0];
  if (found !== undefined) {
    const emit = oneOf(reader, found);
    reader.at += found.length;
    return emit;
  }
  const char = reader.text.charAt(reader.at + 1);
  const test = EDGES.get(char);
  if (test === undefined && !/[!-/:-@[-`{-~ ]/.test(char)) {
    throw wrong(reader, `there is no \\${char}; a pattern cannot refer to what it has matched either`);
  }
  reader.at += 2;
  return test === undefined ? exactly(reader, char) : edge(test);
}

function isWord(char: string): boolean {
  return /^\w$/.test(char);
}

function edge(test: (before: string, after: string) => boolean): Emit {
  return (steps) => addStep(steps, { kind: 'edge', test });
}

function exactly(reader: Reader, char: string): Emit {
  if (reader.flags.includes('i')) return oneOf(reader, char.replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`));
  return (steps) => addStep(steps, { kind: 'char', test: (seen) => seen === char });
}

/** One character by a pattern of JavaScript, which has no choice but to be quick about it. */
function oneOf(reader: Reader, source: string): Emit {
  const one = singleOf(reader, source);
  return (steps) => addStep(steps, { kind: 'char', test: (seen) => one.test(seen) });
}

function singleOf(reader: Reader, source: string): RegExp {
  try {
    return new RegExp(`^${source}$`, reader.flags);
  } catch {
    throw wrong(reader, `${source} is no class of characters`);
  }
}
