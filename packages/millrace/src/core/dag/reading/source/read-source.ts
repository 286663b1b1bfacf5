import type { Finding, Locate } from '../problem.ts';
import { isTooLong, TOO_LONG } from './caps.ts';
import { plainValue } from './plain-value.ts';
import { readYaml, type Source } from './read-yaml.ts';

/** The document in a text, JSON or YAML 1.2. */
export function readSource(text: string): Source | { readonly findings: readonly Finding[] } {
  if (isTooLong(text)) return { findings: [TOO_LONG] };
  return readJson(text) ?? readYaml(text);
}

/**
 * JSON is YAML too, but read fifty times as fast by its own parser; where its values stand is asked for only where
 * something is wrong. Undefined: it is not JSON, or has a key twice, which that parser passes over.
 */
function readJson(text: string): Source | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  const plain = plainValue(parsed);
  if ('findings' in plain || keysIn(plain.value) !== keysWrittenIn(text)) return undefined;
  let locate: Locate | undefined;
  return {
    value: plain.value,
    findings: [],
    locate: (finding) => (locate ??= locatorOf(text))(finding),
  };
}

function locatorOf(text: string): Locate {
  const { locate } = readYaml(text) as Partial<Source>;
  return (finding) => locate?.(finding);
}

function keysIn(value: unknown): number {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== 'object' || next === null) continue;
    const inside: unknown[] = Object.values(next);
    if (!Array.isArray(next)) count += inside.length;
    for (const item of inside) open.push(item);
  }
  return count;
}

/** A text is a key where a colon follows it. A pattern for texts would need a stack as large as they are. */
function keysWrittenIn(json: string): number {
  let count = 0;
  for (let open = json.indexOf('"'); open !== -1;) {
    const end = endOfText(json, open + 1);
    AFTER_TEXT.lastIndex = end;
    if (AFTER_TEXT.test(json)) count++;
    open = json.indexOf('"', end);
  }
  return count;
}

const AFTER_TEXT = /\s*:/y;

/** Behind the closing quote, the first that no odd number of backslashes hides. */
function endOfText(json: string, start: number): number {
  for (let quote = json.indexOf('"', start); ; quote = json.indexOf('"', quote + 1)) {
    let first = quote;
    while (json[first - 1] === '\\') first--;
    if ((quote - first) % 2 === 0) return quote + 1;
  }
}
