import { readFileSync } from 'node:fs';
import { runProgram } from '../../src/cli/program.ts';
import type { Terminal } from '../../src/cli/terminal.ts';

/** What a command did. */
export interface Outcome {
  readonly status: number;
  /** Standard output and standard error. */
  readonly out: string;
  readonly err: string;
}

export interface World {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string;
  /** What a person answers; undefined: nobody is there. */
  readonly answer?: boolean;
  readonly columns?: number;
  /** Standard error is a terminal. */
  readonly screen?: Terminal['screen'];
  /** The server that is asked where nobody says what to use; undefined: none. */
  readonly defaultServer?: string;
  /** Hears each line of standard error as it is written. */
  readonly hear?: (line: string) => void;
}

/** Runs the command in this process, with a terminal that writes into memory. */
export async function millrace(args: readonly string[], world: World = {}): Promise<Outcome> {
  const { terminal, written } = fakeTerminal(world);
  const status = await runProgram(terminal, args);
  return { status, ...written() };
}

export function fakeTerminal(world: World = {}): {
  terminal: Terminal;
  written: () => { out: string; err: string };
} {
  const { env = {}, input = '', answer, columns, screen, hear, defaultServer } = world;
  const out: string[] = [];
  const err: string[] = [];
  const terminal: Terminal = {
    env,
    out: (text) => void out.push(text),
    tell: (text) => {
      err.push(text);
      hear?.(text);
    },
    outStyle: (_format, text) => text,
    tellStyle: (_format, text) => text,
    columns,
    screen,
    defaultServer,
    readFile: (path) => readFileSync(path, 'utf8'),
    readInput: async () => input,
    confirm: async () => answer,
  };
  return { terminal, written: () => ({ out: out.join('\n'), err: err.join('\n') }) };
}
