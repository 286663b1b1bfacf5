import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { PoolPorts, ProcessEvents, WorkerProcess } from './ports.ts';
import type { FromWorker, Usage } from './protocol.ts';

/** The program beside this file, in the language that this file is in. */
const PROGRAM = new URL(`./child/entry${extname(new URL(import.meta.url).pathname)}`, import.meta.url);
const STDERR_CHARS = 16_384;

/** Real processes of this machine. */
export const nodeProcesses: Pick<PoolPorts, 'launch' | 'usage'> = { launch, usage };

function launch(heapMb: number, events: ProcessEvents): WorkerProcess {
  const child = fork(PROGRAM, [], {
    serialization: 'advanced',
    execArgv: [...inherited(process.execArgv), `--max-old-space-size=${heapMb}`],
    // What a job prints appears where the engine's own output does; the end of its errors is kept for the report.
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let stderr = '';
  let isOver = false;
  let lastWords: NodeJS.Timeout | undefined;
  child.stderr?.on('data', (chunk: Buffer) => {
    process.stderr.write(chunk);
    stderr = (stderr + chunk.toString()).slice(-STDERR_CHARS);
  });
  const end = (code: number | null, signal: string | null): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(lastWords);
    events.ended({ code, signal, stderr });
  };
  child.on('message', (message) => {
    // Our own program is at the other end.
    if (!isOver) events.message(message as FromWorker);
  });
  child.on('error', (error) => {
    stderr = `${stderr}${error.message}\n`;
    if (child.pid === undefined) end(null, null);
  });
  // `close` comes after the last message and the last words, unless a process of the job's own holds the stream.
  child.on('close', end);
  child.on('exit', (code, signal) => {
    if (!isOver) lastWords = setTimeout(end, LAST_WORDS_MS, code, signal);
  });
  return {
    pid: child.pid ?? 0,
    isConnected: () => child.connected,
    send: (message) => void (child.connected && child.send(message, () => {})),
    kill: () => void child.kill('SIGKILL'),
  };
}

const LAST_WORDS_MS = 500;

/** Flags of this process that a worker needs too, such as loaders; not the program given on the command line. */
export function inherited(flags: readonly string[]): string[] {
  return flags.filter((flag, at) => !isProgram(flag) && !isProgram(flags[at - 1]) && !OWN_FLAG.test(flag));
}

const OWN_FLAG = /^--(?:eval=|print=|inspect|max[-_]old[-_]space[-_]size|test|watch|input-type)/;

function isProgram(word = ''): boolean {
  return /^(?:-e|-p|-pe|--eval|--print)$/.test(word);
}

/** Linux counts processor time in hundredths of a second whatever the machine. */
const MS_PER_TICK = 10;

/** From `/proc`: also of a process that blocks its loop. */
function usage(pid: number): Usage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in brackets may hold anything; after it, user and system time are the 12th and 13th field.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const rssKb = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    const cpuMs = (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
    return Number.isFinite(cpuMs + rssKb) ? { cpuMs, rssMb: rssKb / 1024 } : undefined;
  } catch {
    return undefined;
  }
}
