import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../src/cli/program.ts';
import type { Terminal } from '../src/cli/terminal.ts';

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
  /** Hears each line of standard error as it is written. */
  readonly hear?: (line: string) => void;
}

/** Runs the command in this process, with a terminal that writes into memory. */
export async function millrace(args: readonly string[], world: World = {}): Promise<Outcome> {
  const { terminal, written } = fakeTerminal(world);
  const status = await runProgram(terminal, args);
  return { status, ...written() };
}

export function fakeTerminal({ env = {}, input = '', answer, columns, hear }: World = {}): {
  terminal: Terminal;
  written: () => { out: string; err: string };
} {
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
    readFile: (path) => readFileSync(path, 'utf8'),
    readInput: async () => input,
    confirm: async () => answer,
  };
  return { terminal, written: () => ({ out: out.join('\n'), err: err.join('\n') }) };
}

/** A folder of its own with a store address and modules, gone when the test is. */
export interface Workplace extends Disposable {
  readonly folder: string;
  /** Address of a SQLite store in the folder; nothing has made it yet. */
  readonly store: string;
  /** Writes a module that imports `millrace` from its source, and gives its path. */
  write(name: string, text: string): string;
}

const INDEX = new URL('../src/index.ts', import.meta.url).href;

export function workplace(): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  return {
    folder,
    store: `file:${join(folder, 'store.db')}`,
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text.replaceAll("'millrace'", `'${INDEX}'`));
      return path;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A module with one workflow of every kind that the tests need. */
export const SHOP = `
import { TerminalError, workflow } from 'millrace';

export const order = workflow('order', async (ctx, input) => {
  const stock = await ctx.step('reserve', () => ({ boxes: 2 }));
  await ctx.step('charge', (step) => {
    if (step.attempt === 1) throw new Error('card machine busy');
    return 17n;
  }, { retry: { initial: 1 } });
  if (input?.fail) throw new TerminalError('no stock', { code: input.fail });
  return { stock, id: input?.id ?? null };
});
export const refund = workflow('refund', { version: 2 }, async () => 'refunded');
export const approval = workflow('approval', async (ctx) => {
  ctx.publish('stage', 'asked');
  return ctx.waitForSignal('approved');
});
export const nap = workflow('nap', async (ctx) => { await ctx.sleep('1 hour'); });
export const foreign = workflow('foreign', async () => { await new Promise(() => {}); });
export const counter = workflow('counter', async (ctx, n) => (n > 0 ? ctx.continueAsNew(n - 1) : 'done'));
export const calls = workflow('calls', async (ctx) => ctx.call('math.double', 21));
export const executors = { 'math.double': (n) => n * 2 };
`;
