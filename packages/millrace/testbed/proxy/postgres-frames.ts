/*
 * As much of PostgreSQL's protocol (version 3) as it takes to see which statement is on its way and how it ended.
 * A message: one byte of kind, four bytes of length (itself included), the rest. The first message of a client has no
 * kind.
 */
const HEADER_BYTES = 5;
const LENGTH_BYTES = 4;

export type Outcome = 'committed' | 'aborted';

/** Reads what a client sends, chunk by chunk; gives the texts of statements that are complete. */
export function frontendFrames(): (chunk: Buffer) => string[] {
  let rest = Buffer.alloc(0);
  let begun = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    const texts: string[] = [];
    if (!begun) {
      if (rest.length < LENGTH_BYTES || rest.length < rest.readInt32BE(0)) return texts;
      rest = rest.subarray(rest.readInt32BE(0));
      begun = true;
    }
    while (rest.length >= HEADER_BYTES && rest.length > rest.readInt32BE(1)) {
      const end = 1 + rest.readInt32BE(1);
      const text = statementIn(rest.subarray(0, end));
      if (text !== undefined) texts.push(text);
      rest = rest.subarray(end);
    }
    return texts;
  };
}

/** Query has the text first; Parse has the statement's name before it. */
function statementIn(message: Buffer): string | undefined {
  const kind = String.fromCharCode(message[0] ?? 0);
  if (kind !== 'Q' && kind !== 'P') return undefined;
  const start = kind === 'Q' ? HEADER_BYTES : message.indexOf(0, HEADER_BYTES) + 1;
  return message.toString('utf8', start, message.indexOf(0, start));
}

/** Whether an answer is whole: it ends with ReadyForQuery. */
export function isReady(answer: Buffer): boolean {
  return kindsOf(answer).at(-1) === 'Z';
}

export function countRows(answer: Buffer): number {
  return kindsOf(answer).filter((kind) => kind === 'D').length;
}

/** Whether the server has done what was asked: a command is complete, and there is no error. */
export function outcomeOf(answer: Buffer): Outcome {
  const kinds = kindsOf(answer);
  return kinds.includes('C') && !kinds.includes('E') ? 'committed' : 'aborted';
}

/** The kinds of the complete messages; empty when a last one is not whole. */
function kindsOf(answer: Buffer): string[] {
  const kinds: string[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= answer.length) {
    kinds.push(String.fromCharCode(answer[at] ?? 0));
    at += 1 + answer.readInt32BE(at + 1);
  }
  return at === answer.length ? kinds : [];
}
