/** A part of a text: what stands for itself, or the text of an expression between its braces. */
export type Part = { readonly literal: string } | { readonly expression: string };

/** The parts of a text in order, or where a `${` begins that never ends. */
export type Scan = { readonly parts: readonly Part[] } | { readonly unterminated: number };

/** Splits a text at its expressions; `$${` is a literal `${`. */
export function scanText(text: string): Scan {
  const parts: Part[] = [];
  let literal = '';
  let at = 0;
  for (let open = text.indexOf('${'); open !== -1; open = text.indexOf('${', at)) {
    if (open > at && text[open - 1] === '$') {
      literal += `${text.slice(at, open - 1)}\${`;
      at = open + 2;
      continue;
    }
    const close = endOfExpression(text, open + 2);
    if (close === -1) return { unterminated: open };
    literal += text.slice(at, open);
    if (literal !== '') parts.push({ literal });
    literal = '';
    parts.push({ expression: text.slice(open + 2, close) });
    at = close + 1;
  }
  literal += text.slice(at);
  if (literal !== '' || parts.length === 0) parts.push({ literal });
  return { parts };
}

/** The brace that ends the expression; those of map literals, strings and comments are passed over. */
function endOfExpression(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '{') depth++;
    else if (char === '}' && depth-- === 0) return at;
    else if (char === '"' || char === "'") at = endOfString(text, at, char);
    else if (char === '/' && text[at + 1] === '/') at = endOfComment(text, at);
  }
  return -1;
}

/** The position of the last quote, by the rules of CEL's own reader: a backslash hides what follows it. */
function endOfString(text: string, start: number, quote: string): number {
  const mark = text.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
  for (let at = start + mark.length; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text.startsWith(mark, at)) return at + mark.length - 1;
  }
  return text.length;
}

function endOfComment(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end === -1 ? text.length : end;
}
