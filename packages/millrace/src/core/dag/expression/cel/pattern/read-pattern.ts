import { Fault } from '../fault.ts';
import { choice, repeated } from './parts.ts';
import type { Counts, Emit } from './parts.ts';
import { addStep } from './pattern.ts';
import type { Pattern, Step } from './pattern.ts';
import { readAtom, wrong } from './read-atom.ts';
import type { Reader } from './read-atom.ts';

const MAX_CHARS = 1000;
const MAX_COUNT = 1000;

/**
 * Reads the syntax of RE2, without what cannot be matched in linear time: no back-references, nothing that looks
 * ahead or behind. Single characters and classes are JavaScript's.
 * @throws a fault for any other text.
 */
export function readPattern(text: string): Pattern {
  if (text.length > MAX_CHARS) throw new Fault(`the pattern has more than ${MAX_CHARS} characters`);
  const flags = /^\(\?([is]+)\)/.exec(text);
  const reader: Reader = { text, at: flags?.[0].length ?? 0, flags: flagsOf(flags?.[1] ?? '') };
  const emit = readChoice(reader);
  if (reader.at < text.length) throw wrong(reader, 'a ) too many');
  const steps: Step[] = [];
  emit(steps);
  addStep(steps, { kind: 'found' });
  return steps;
}

function flagsOf(found: string): string {
  return ['i', 's'].filter((flag) => found.includes(flag)).join('') + 'u';
}

function readChoice(reader: Reader): Emit {
  const branches = [readSequence(reader)];
  while (reader.text[reader.at] === '|') {
    reader.at++;
    branches.push(readSequence(reader));
  }
  const [only] = branches;
  return branches.length === 1 && only !== undefined ? only : choice(branches);
}

function readSequence(reader: Reader): Emit {
  const parts: Emit[] = [];
  for (
    let char = reader.text[reader.at];
    char !== undefined && !'|)'.includes(char);
    char = reader.text[reader.at]
  ) {
    parts.push(readRepeated(reader));
  }
  return (steps) => {
    for (const part of parts) part(steps);
  };
}

function readRepeated(reader: Reader): Emit {
  let part = reader.text[reader.at] === '(' ? readGroup(reader) : readAtom(reader);
  for (let counts = readCounts(reader); counts !== undefined; counts = readCounts(reader)) {
    part = repeated(part, counts);
  }
  return part;
}

const COUNTS = /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y;

/** How often what stands before is there; whether few or many are preferred changes no match. */
function readCounts(reader: Reader): Counts | undefined {
  COUNTS.lastIndex = reader.at;
  const found = COUNTS.exec(reader.text);
  if (found === null) return undefined;
  reader.at += found[0].length;
  const [sign, first = '', comma, second = ''] = found;
  if (sign.startsWith('*')) return { least: 0, most: Number.POSITIVE_INFINITY };
  if (sign.startsWith('+')) return { least: 1, most: Number.POSITIVE_INFINITY };
  if (sign.startsWith('?')) return { least: 0, most: 1 };
  const least = Number(first);
  const most = comma === '' ? least : second === '' ? Number.POSITIVE_INFINITY : Number(second);
  if (least > MAX_COUNT || (most > MAX_COUNT && Number.isFinite(most)) || most < least) {
    throw wrong(reader, `a count that is not in order or above ${MAX_COUNT}`);
  }
  return { least, most };
}

const OPENS = /\((?:\?(?::|P?<[A-Za-z_]\w*>))?(?!\?)/y;

function readGroup(reader: Reader): Emit {
  OPENS.lastIndex = reader.at;
  const found = OPENS.exec(reader.text);
  if (found === null) throw wrong(reader, 'of groups that begin with (? there are only (?: and (?<name>');
  reader.at += found[0].length;
  const inside = readChoice(reader);
  if (reader.text[reader.at] !== ')') throw wrong(reader, 'a ( without )');
  reader.at++;
  return inside;
}
