import { describe, expect, it } from 'vitest';
import { open, refusal } from '../testbed/engines/engines.ts';
import { serve } from '../testbed/executors/http-server.ts';
import { createTestEngine } from './testing/index.ts';
import { workflow, type MillraceOptions } from './index.ts';

const BUILT_IN = ['noop', 'delay', 'log', 'fail', 'http.request', 'webhook.post', 'email.send', 'shell.run'];

const calling = workflow('calling', (ctx, { executor, input }: { executor: string; input?: unknown }) =>
  ctx.call(executor, input),
);

async function run(executor: string, input: unknown, options: MillraceOptions = {}): Promise<unknown> {
  const millrace = await open({ workflows: [calling], ...options });
  return (await millrace.start(calling, { executor, input })).result();
}

describe('an engine', () => {
  it('has the built-in executors beside its own, and tells the others so', async () => {
    const millrace = await open({ executors: { pay: () => 'paid' } });
    const { engines } = await millrace.cluster();
    expect(engines[0]?.executors).toEqual([...BUILT_IN, 'pay']);
  });

  it('executes them in runs', async () => {
    const { host, url } = await serve((response) => response.end('hello'));
    expect(await run('noop', { a: 1 })).toEqual({ a: 1 });
    expect(await run('http.request', { url }, { httpAllowHosts: [host] })).toMatchObject({ body: 'hello' });
    const shell = { command: process.execPath, args: ['-e', 'console.log(1)'] };
    expect(await run('shell.run', shell, { allowShell: true })).toMatchObject({ stdout: '1\n' });
  });

  it('may have one of its own in place of one of them', async () => {
    expect(await run('noop', 1, { executors: { noop: () => 'own' } })).toBe('own');
  });

  it('offers only those that it should', async () => {
    const millrace = await open({ executors: { pay: () => null }, supportedExecutors: ['pay', 'log'] });
    const { engines } = await millrace.cluster();
    expect(engines[0]?.executors).toEqual(['pay', 'log']);
  });

  it('tries again what fails on purpose, and not what cannot succeed', async () => {
    const retry = { maxAttempts: 3, initial: 0 };
    expect(await run('fail', { attempts: 2 }, { retry })).toEqual({ attempt: 3 });
    await expect(run('shell.run', {}, { retry })).rejects.toMatchObject({
      cause: { details: { code: 'EXECUTOR_DISABLED', attempts: 1 } },
    });
  });

  it.each([
    [{ httpAllowHosts: ['localhost'] }, /httpAllowHosts has "localhost", which must name host and port/],
    [{ smtp: { url: 'http://u:secret@a' } }, /smtp.url has "http:\/\/u:\*\*\*@a", which must be smtp:/],
    [{ secrets: { 'a-b': 'hunter2' } }, /secrets has "a-b", string/],
    [{ secrets: { A: 17 as unknown as string } }, /secrets has "A", number/],
    [{ supportedExecutors: ['noo'] }, /Did you mean "noop"/],
  ])('refuses %o', async (options, message) => {
    await expect(open(options)).rejects.toEqual(refusal('INVALID_ARGUMENT', message));
  });
});

it('a delay passes as fast as the clock of a test is moved', async () => {
  const test = await createTestEngine({ workflows: [calling] });
  const waiting = await test.start(calling, { executor: 'delay', input: { ms: 3_600_000 } });
  await test.skip('59 minutes');
  expect(await waiting.describe()).toMatchObject({ status: 'running' });
  await test.skip('1 minute');
  expect(await waiting.result()).toBeNull();
  await test.close();
});

it("a program that passes somebody else's input on opens no secret with it", async () => {
  const forged = { $sealed: [{ at: [], parts: [{ expression: 'secrets.TOKEN' }] }], value: 1 };
  const seen: unknown[] = [];
  const echo = (input: unknown): void => void seen.push(input);
  const test = await createTestEngine({ workflows: [calling], executors: { echo } });
  await (await test.start(calling, { executor: 'echo', input: forged })).result();
  expect(seen).toEqual([forged]);
  await test.close();
});
