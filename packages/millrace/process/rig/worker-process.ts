import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Entry, EntryOf, Mark } from '../worker/entry.ts';
import { followLedger } from '../worker/read-ledger.ts';
import type { WorkerSettings } from '../worker/settings.ts';
import { until } from './wait.ts';

const PROGRAM = fileURLToPath(new URL('../worker/run-worker.ts', import.meta.url));

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A worker process, as the test that started it sees it. */
export interface WorkerProcess {
  readonly name: string;
  readonly pid: number;
  readonly ledger: string;
  readonly ended: Promise<Exit>;
  /** How it ended, if it has. */
  exit(): Exit | undefined;
  /** What it said on its error stream. */
  said(): string;
  entries(): readonly Entry[];
  begins(): EntryOf<'begin'>[];
  logs(text: string): EntryOf<'log'>[];
  /** Waits for something in its ledger; rejects when it ends before. */
  untilEntry(what: string, look: (entries: readonly Entry[]) => boolean, deadlineMs?: number): Promise<void>;
  untilMark(mark: Mark): Promise<void>;
  untilBegins(count: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export interface SpawnOptions {
  settings: WorkerSettings;
  /** `name:N` of a crash point at which it is to die. */
  crashPoint?: string | undefined;
  /** Where compiled sources are kept, so that later workers start sooner. */
  compileCache: string;
}

/** Nobody outlives the one that looks after them. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function spawnWorker({ settings, crashPoint, compileCache }: SpawnOptions): WorkerProcess {
  const environment: NodeJS.ProcessEnv = { ...process.env, NODE_COMPILE_CACHE: compileCache };
  delete environment['NODE_OPTIONS'];
  if (crashPoint !== undefined) environment['MILLRACE_CRASH_POINT'] = crashPoint;
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(settings)], {
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  running.add(child);
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-8192);
  });
  let exit: Exit | undefined;
  const ended = once(child, 'close').then(([code, signal]): Exit => {
    running.delete(child);
    exit = { code: code as number | null, signal: signal as NodeJS.Signals | null };
    return exit;
  });
  const { name, ledger } = settings;
  const entries = followLedger(ledger);
  const begins = (): EntryOf<'begin'>[] => entries().filter((entry) => entry.kind === 'begin');
  const untilEntry: WorkerProcess['untilEntry'] = (what, look, deadlineMs) =>
    until(
      `${what} in the ledger of ${name}`,
      () => {
        const over = exit;
        if (look(entries())) return true;
        if (over === undefined) return false;
        throw new Error(`${name} ended (${over.code ?? over.signal}) before ${what}: ${text}`);
      },
      deadlineMs,
    ).then(() => undefined);
  return {
    name,
    // Undefined only when the program could not be started, and then `ended` rejects.
    pid: child.pid ?? 0,
    ledger,
    ended,
    exit: () => exit,
    said: () => text,
    entries,
    begins,
    logs: (part) =>
      entries()
        .filter((entry) => entry.kind === 'log')
        .filter(({ message }) => message.includes(part)),
    untilEntry,
    untilMark: (mark) =>
      untilEntry(mark, (all) => all.some((entry) => entry.kind === 'mark' && entry.mark === mark)),
    untilBegins: (count) =>
      untilEntry(`${count} attempts`, (all) => all.filter(({ kind }) => kind === 'begin').length >= count),
    kill: (signal) => {
      if (exit === undefined) child.kill(signal);
    },
  };
}
