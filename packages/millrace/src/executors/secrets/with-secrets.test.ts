import { describe, expect, it } from 'vitest';
import { open } from '../../../testbed/engines/engines.ts';
import { rejection, serve } from '../../../testbed/executors/http-server.ts';
import { fakeStep } from '../../../testbed/pool/fake-processes.ts';
import { secretsOf } from '../../core/configuration/secrets.ts';
import { compileTemplate } from '../../core/dag/expression/compile-template.ts';
import { evaluateSealed, openSealed } from '../../core/dag/expression/seal.ts';
import type { Executor, StepContext } from '../../core/workflow/context.ts';
import { builtInExecutors } from '../built-in.ts';
import { workflow, type EngineLog } from '../../index.ts';
import { withSecrets } from './with-secrets.ts';

const CANARY = 'c4n4ry-"in"-th3/m1ne';
const secrets = secretsOf({ TOKEN: CANARY });
const load = (): Promise<typeof openSealed> => Promise.resolve(openSealed);

function sealed(source: unknown): unknown {
  const run = { id: 'run', key: null, startedAt: '', attempt: 1 };
  return evaluateSealed(compileTemplate(source), { input: {}, node: () => undefined, run });
}

/** An executor as engines have it. */
function discreet(executor: Executor): (input: unknown, step?: StepContext) => Promise<unknown> {
  const wrapped = withSecrets(executor, secrets, load);
  // Executors take what they are given.
  return async (input, step = fakeStep()) => wrapped(input as never, step);
}

const TOKEN = sealed({ token: '${ secrets.TOKEN }' });

describe('an executor', () => {
  it('is given the secret, and gives it away in nothing', async () => {
    const step = fakeStep();
    let given: unknown;
    const output = await discreet(async (input: { token: string }, seen) => {
      given = input;
      await seen.checkpoint({ at: input.token });
      seen.log.info(`using ${input.token}`, { token: input.token });
      seen.heartbeat();
      expect(seen).toMatchObject({ runId: step.runId, idempotencyKey: step.idempotencyKey, attempt: 1 });
      expect([seen.signal, seen.fencingToken, seen.lastCheckpoint]).toEqual([
        step.signal,
        step.fencingToken,
        undefined,
      ]);
      return { echo: [input.token] };
    })(TOKEN, step);
    expect(given).toEqual({ token: CANARY });
    expect(output).toEqual({ echo: ['***TOKEN***'] });
    expect(step.said).toEqual([
      'checkpoint {"at":"***TOKEN***"}',
      'info using ***TOKEN*** {"token":"***TOKEN***"}',
      'heartbeat',
    ]);
  });

  it('may say what is no text', async () => {
    const step = fakeStep();
    const talking = discreet((_input, seen) =>
      seen.log.info(Object.create(null) as string, [CANARY] as never),
    );
    await talking(TOKEN, step);
    expect(step.said).toEqual(['info a message that is no text {"fields":["***TOKEN***"]}']);
  });

  it('that fails says so without it', async () => {
    const failing = discreet((input: { token: string }) => {
      throw Object.assign(new Error(`no ${input.token}`), { code: 'DECLINED' });
    });
    expect(await rejection(failing(TOKEN))).toMatchObject({ code: 'DECLINED', message: 'no ***TOKEN***' });
  });

  it('that is given none is called as it is', () => {
    const step = fakeStep();
    const seen: unknown[] = [];
    const wrapped = withSecrets((input, own) => void seen.push(input, own), secrets, load);
    const input = { token: 'plain' };
    // Not even a promise comes between.
    expect(wrapped(input as never, step)).toBeUndefined();
    expect(seen[0]).toBe(input);
    expect(seen[1]).toBe(step);
  });

  it('is not called for a secret that this engine has not', async () => {
    let isCalled = false;
    const wrapped = discreet(() => (isCalled = true));
    expect(
      await rejection(wrapped(sealed({ a: '${ secrets.TOKEN }', b: '${ secrets.NONE }' }))),
    ).toMatchObject({
      code: 'UNKNOWN_SECRET',
    });
    expect(await rejection(wrapped(sealed('${ secrets.NONE }')))).toMatchObject({ code: 'UNKNOWN_SECRET' });
    expect(isCalled).toBe(false);
  });

  it('that refuses its input does not show it', async () => {
    const settings = { allowShell: false, httpAllowHosts: [], smtp: undefined, after: () => () => {} };
    const wrapped = discreet(builtInExecutors(settings)['fail'] as Executor);
    const thrown = await rejection(wrapped(sealed({ attempts: '${ secrets.TOKEN }' })));
    expect(thrown).toMatchObject({ code: 'INVALID_INPUT' });
    expect(String(thrown)).toContain('attempts is "***TOKEN***": must be');
  });
});

it('a secret that a server echoes appears in no history, result, error or log', async () => {
  const { host, url } = await serve((response, { url: path, headers, body }) => {
    const said = { headers, body, basic: headers.authorization?.replace('Basic ', '') };
    response.writeHead(path === '/fail' ? 400 : 200, {
      'content-type': 'application/json',
      'x-echo': encodeURIComponent(body),
    });
    response.end(JSON.stringify({ ...said, text: JSON.stringify(said) }));
  });
  const lines: EngineLog[] = [];
  const input = sealed({
    url,
    auth: { username: 'ada', password: '${ secrets.TOKEN }' },
    headers: { 'X-Api-Key': '${ secrets.TOKEN }' },
    body: { token: 'Bearer ${ secrets.TOKEN }' },
  });
  const failing = sealed({ url: `${url}/fail`, body: 'Bearer ${ secrets.TOKEN }' });
  const program = workflow('echo', async (ctx) => {
    await ctx.call('log', sealed({ message: 'token ${ secrets.TOKEN }' }));
    const answer = await ctx.call('http.request', input);
    const error: unknown = await ctx.call('http.request', failing).catch((thrown: unknown) => thrown);
    return { answer, error };
  });
  const millrace = await open({
    ...{ workflows: [program], secrets: { TOKEN: CANARY }, httpAllowHosts: [host] },
    log: (entry) => lines.push(entry),
  });
  const run = await millrace.start(program, undefined);
  const output = await run.result();
  const everything = JSON.stringify([output, await run.history(), await run.describe(), lines]);
  expect(output).toMatchObject({ answer: { body: { headers: { 'x-api-key': '***TOKEN***' } } } });
  expect(everything).toContain('token ***TOKEN***');
  expect(everything).toContain('HTTP_400');
  for (const form of [
    CANARY,
    'th3/m1ne',
    encodeURIComponent(CANARY),
    Buffer.from(CANARY).toString('base64').slice(4, 20),
  ]) {
    expect(everything).not.toContain(form);
  }
  expect(everything).not.toContain('c4n4ry');
});
