import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { MillraceError, TimeoutError } from '../core/errors.ts';
import { formatDuration } from '../core/duration.ts';
import type { Executor, StepContext } from '../core/workflow/context.ts';
import { duration, listOf, optional, readInput, recordOf, text, word } from './input.ts';
import { beating, type ExecutorSettings } from './outside.ts';

interface ShellInput {
  command: string;
  args: readonly string[] | undefined;
  cwd: string | undefined;
  env: Readonly<Record<string, string>> | undefined;
  stdin: string | undefined;
  timeout: number | undefined;
}

/** Of stdout: more is refused, because half an output is none. */
const MAX_STDOUT_BYTES = 1_048_576;
/** Of stderr the end is kept: it is for people. */
const MAX_STDERR_CHARS = 16_384;
/** How long a process may take to end itself before it is killed. */
const GRACE_MS = 2000;
/** What a process sees of the engine's environment; the rest holds passwords. */
const INHERITED = [
  'HOME',
  'LANG',
  'LC_ALL',
  'LOGNAME',
  'PATH',
  'SHELL',
  'SystemRoot',
  'TEMP',
  'TMP',
  'TMPDIR',
  'TZ',
  'USER',
];

/** Runs a program, without a shell in between: arguments are passed as they are. */
export function shellRun({ allowShell, after }: ExecutorSettings): Executor<unknown> {
  return async (input, step) => {
    if (!allowShell) {
      throw new MillraceError('EXECUTOR_DISABLED', 'shell.run is not allowed on this engine', {
        remedy: 'Set ALLOW_SHELL=true for engines that may start programs, or take the node out.',
      });
    }
    const request = readInput<ShellInput>('shell.run', input, {
      command: word,
      args: optional(listOf(text)),
      cwd: optional(word),
      env: optional(recordOf(text)),
      stdin: optional(text),
      timeout: optional(duration),
    });
    step.signal.throwIfAborted();
    using _ = beating(step, after);
    return await run(request, step);
  };
}

interface Output {
  readonly exitCode: 0;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The program leads a process group of its own: it ends as a whole, on abort and when the program has ended itself.
 */
async function run(request: ShellInput, { signal }: StepContext): Promise<Output> {
  const { command, args = [], cwd, timeout, stdin = '' } = request;
  const child = spawn(command, args, {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...inherited(), ...request.env },
    stdio: 'pipe',
    detached: true,
    windowsHide: true,
  });
  const group = endable(child);
  const limit = timeout === undefined ? undefined : AbortSignal.timeout(timeout);
  const stop = AbortSignal.any(limit === undefined ? [signal] : [signal, limit]);
  stop.addEventListener('abort', group.end, { once: true });
  const heard = listen(child, group.end);
  try {
    child.stdin.on('error', () => {}); // it need not read to the end
    child.stdin.end(stdin);
    const code = await exitOf(child, group);
    signal.throwIfAborted();
    if (limit?.aborted)
      throw new TimeoutError(`"${command}" did not end within ${formatDuration(timeout ?? 0)}`);
    return outcome(command, code, heard);
  } finally {
    stop.removeEventListener('abort', group.end);
  }
}

function exitOf(child: ChildProcess, group: Group): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', group.clear);
    child.once('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}

interface Group {
  /** Asks it to end, and kills it when it does not. */
  end(): void;
  /** Its leader is gone: what is left of it goes too. */
  clear(): void;
}

function endable(child: ChildProcess): Group {
  let kill: NodeJS.Timeout | undefined;
  const send = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // Without process groups, or with nobody left in this one.
      child.kill(signal);
    }
  };
  return {
    end() {
      if (kill !== undefined || child.exitCode !== null || child.signalCode !== null) return;
      kill = setTimeout(() => send('SIGKILL'), GRACE_MS);
      send('SIGTERM');
    },
    clear() {
      clearTimeout(kill);
      send('SIGKILL');
    },
  };
}

interface Heard {
  readonly stdout: Buffer[];
  stdoutBytes: number;
  stderr: string;
}

function listen({ stdout, stderr }: ChildProcess, tooMuch: () => void): Heard {
  const heard: Heard = { stdout: [], stdoutBytes: 0, stderr: '' };
  stdout?.on('data', (part: Buffer) => {
    heard.stdoutBytes += part.length;
    if (heard.stdoutBytes > MAX_STDOUT_BYTES) tooMuch();
    else heard.stdout.push(part);
  });
  stderr?.setEncoding('utf8').on('data', (part: string) => {
    heard.stderr = (heard.stderr + part).slice(-MAX_STDERR_CHARS);
  });
  return heard;
}

function outcome(command: string, code: number, { stdout, stdoutBytes, stderr }: Heard): Output {
  if (stdoutBytes > MAX_STDOUT_BYTES) {
    throw new MillraceError('PAYLOAD_TOO_LARGE', `"${command}" wrote more than ${MAX_STDOUT_BYTES} bytes`, {
      remedy: 'Let it write to a file, and give the name of that.',
    });
  }
  if (code === 0) return { exitCode: 0, stdout: String(Buffer.concat(stdout)), stderr };
  const why = stderr.trim() === '' ? '' : `: ${stderr.trim().split('\n').at(-1)}`;
  throw Object.assign(new Error(`"${command}" ended with status ${code}${why}`), {
    code: `EXIT_${code}`,
    details: { exitCode: code, stderr },
  });
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
