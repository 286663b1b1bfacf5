import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, rejection } from '../../testbed/executors/http-server.ts';
import { fakeStep } from '../../testbed/pool/fake-processes.ts';
import { CancelledError } from '../core/errors.ts';
import { failureOf } from '../core/failure.ts';
import { DEFAULT_RETRY, isRetryable } from '../core/policy/retry.ts';

const node = process.execPath;
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-shell-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(script: string, input: object = {}, step = fakeStep()): Promise<unknown> {
  return call('shell.run', { command: node, args: ['-e', script], ...input }, { allowShell: true }, step);
}

it('is off unless it is allowed, and no retry helps', async () => {
  const failure = failureOf(await rejection(call('shell.run', { command: node })));
  expect(failure).toMatchObject({ code: 'EXECUTOR_DISABLED' });
  expect(failure.message).toContain('ALLOW_SHELL=true');
  expect(isRetryable(DEFAULT_RETRY, failure)).toBe(false);
});

describe('a program', () => {
  it('gets its arguments as they are, its folder, its variables and its input, and gives what it says', async () => {
    const script = `process.stdin.setEncoding('utf8').on('data', (text) => {
      console.error('so far');
      console.log(JSON.stringify([process.argv[1], process.cwd() === process.env.HERE, process.env.A, text]));
    })`;
    const args = ['-e', script, '$(id) ; *'];
    const input = { args, cwd: folder, env: { A: '1', HERE: folder }, stdin: 'é' };
    const output = await run('', input);
    expect(output).toEqual({ exitCode: 0, stdout: '["$(id) ; *",true,"1","é"]\n', stderr: 'so far\n' });
  });

  it('sees nothing of the engine’s environment but what every program needs', async () => {
    process.env['MILLRACE_SECRET_CANARY'] = 'hunter2';
    try {
      const { stdout } = (await run('console.log(JSON.stringify(process.env))')) as { stdout: string };
      expect(stdout).not.toContain('hunter2');
      expect(JSON.parse(stdout)).toMatchObject({ PATH: process.env['PATH'] });
    } finally {
      delete process.env['MILLRACE_SECRET_CANARY'];
    }
  });

  it('that fails fails the step with its status and what it said', async () => {
    const failure = failureOf(await rejection(run(`console.error('a\\nno disk'); process.exit(3)`)));
    expect(failure).toMatchObject({ code: 'EXIT_3', details: { exitCode: 3, stderr: 'a\nno disk\n' } });
    expect(failure.message).toMatch(/ended with status 3: no disk$/);
    expect(await rejection(run('process.kill(process.pid, "SIGKILL")'))).toMatchObject({ code: 'EXIT_137' });
  });

  it('that is not there fails', async () => {
    const input = { command: join(folder, 'nothing') };
    expect(await rejection(call('shell.run', input, { allowShell: true }))).toMatchObject({ code: 'ENOENT' });
  });

  it('that says too much is ended', async () => {
    const script = `
      const more = () => {
        while (process.stdout.write('x'.repeat(65536)));
        process.stdout.once('drain', more);
      };
      more();`;
    expect(await rejection(run(script))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  });

  it('that takes too long is ended, and may be tried again', async () => {
    const failure = failureOf(await rejection(run('setInterval(() => {}, 1000)', { timeout: 300 })));
    expect(failure).toMatchObject({ code: 'TIMEOUT' });
    expect(isRetryable(DEFAULT_RETRY, failure)).toBe(true);
  });

  it('ends with its attempt, and so does what it has started', async () => {
    const step = fakeStep();
    const file = join(folder, 'pids');
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      require('node:fs').writeFileSync(${JSON.stringify(file)}, process.pid + ' ' + child.pid);
      console.log('ready'); setInterval(() => {}, 1000);`;
    const running = run(script, {}, step);
    const ended = rejection(running);
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8').includes(' ')).toBe(true);
    step.abort(new CancelledError('enough'));
    expect(await ended).toHaveProperty('message', expect.stringContaining('enough'));
    const pids = readFileSync(file, 'utf8').split(' ').map(Number);
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
  });

  it('that ignores the request to end is killed', async () => {
    const step = fakeStep();
    const file = join(folder, 'pid');
    const script = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);
      require('node:fs').writeFileSync(${JSON.stringify(file)}, 'x' + process.pid)`;
    const running = run(script, {}, step);
    const ended = rejection(running);
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8').length > 1).toBe(true);
    step.abort(new CancelledError('enough'));
    expect(await ended).toHaveProperty('message', expect.stringContaining('enough'));
    expect(isAlive(Number(readFileSync(file, 'utf8').slice(1)))).toBe(false);
  });

  it('takes along what it has left behind', async () => {
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
      console.log(child.pid); process.exit(0)`;
    const { stdout } = (await run(script)) as { stdout: string };
    await expect.poll(() => isAlive(Number(stdout))).toBe(false);
  });

  it('is not started for an attempt that is over', async () => {
    const step = fakeStep();
    step.abort(new CancelledError('enough'));
    await expect(run('', {}, step)).rejects.toThrow('enough');
  });

  it('needs a command, and texts', async () => {
    const refused = failureOf(await rejection(run('', { command: '', args: ['a', 1], env: { A: 1 } })));
    expect(refused.code).toBe('INVALID_INPUT');
    for (const part of [
      'command is "": must be text, and not empty',
      'args is an array of 2: [1] must be text',
      'A must be text',
    ]) {
      expect(refused.message).toContain(part);
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that is dead and not yet reaped by the first process counts as gone.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
