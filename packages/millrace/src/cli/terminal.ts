import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { text as textOf } from 'node:stream/consumers';
import { styleText } from 'node:util';
import type { Environment } from '../config.ts';

export type Format = Parameters<typeof styleText>[0];
/** Colours a text where its stream shows colours. */
export type Style = (format: Format, text: string) => string;

/** A terminal as a place to draw on. */
export interface Screen {
  /** As it is now: people change it. */
  readonly size: () => { readonly rows: number; readonly columns: number };
  readonly write: (text: string) => void;
}

/** The world of a command: what it reads and where it writes. Tests bring their own. */
export interface Terminal {
  readonly env: Environment;
  /** A result: a line on standard output. */
  readonly out: (text: string) => void;
  /** Talk: a line on standard error. */
  readonly tell: (text: string) => void;
  readonly outStyle: Style;
  readonly tellStyle: Style;
  /** Standard error, where it is a terminal that can be drawn on. */
  readonly screen: Screen | undefined;
  /** Columns of standard output; undefined where nobody looks at it. */
  readonly columns: number | undefined;
  /** Asked whether it is there where nobody says what to use. */
  readonly defaultServer: string | undefined;
  readonly readFile: (path: string) => string;
  readonly readInput: () => Promise<string>;
  /** Asks a person; undefined where nobody can answer. */
  readonly confirm: (question: string) => Promise<boolean | undefined>;
}

/**
 * The terminal of this process. Colours follow NO_COLOR, FORCE_COLOR and whether the stream is a terminal.
 */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr, env } = process;
  return {
    env,
    out: (text) => void stdout.write(`${text}\n`),
    tell: (text) => void stderr.write(`${text}\n`),
    outStyle: (format, text) => styleText(format, text, { stream: stdout }),
    tellStyle: (format, text) => styleText(format, text, { stream: stderr }),
    screen: stderr.isTTY && env['TERM'] !== 'dumb' ? screenOf(stderr) : undefined,
    defaultServer: DEFAULT_SERVER,
    columns: stdout.isTTY ? stdout.columns : undefined,
    readFile: (path) => readFileSync(path, 'utf8'),
    readInput: () => textOf(stdin),
    async confirm(question) {
      if (!stdin.isTTY || !stderr.isTTY) return undefined;
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
      } finally {
        lines.close();
      }
    },
  };
}

/** Where `millrace serve` and `millrace dev` listen. */
const DEFAULT_SERVER = 'http://127.0.0.1:7400';

/** Of a terminal that does not say how large it is: what terminals have always been. */
const ROWS = 24;
const COLUMNS = 80;

function screenOf(stream: NodeJS.WriteStream): Screen {
  return {
    size: () => ({ rows: stream.rows || ROWS, columns: stream.columns || COLUMNS }),
    write: (text) => void stream.write(text),
  };
}
