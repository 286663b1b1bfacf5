import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fakeTerminal, millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { serve, type Served } from '../../../../testbed/cli/served.ts';
import { workplace, type Workplace } from '../../../../testbed/cli/workplace.ts';
import { workflow } from '../../../core/workflow/workflow.ts';
import type { Run } from '../../../index.ts';
import { MAX_LOG_LINES } from '../../../store/port/runs/lines.ts';
import { runProgram } from '../../program.ts';

const talkative = workflow('talkative', async (ctx) => {
  ctx.log.info('one \u001b[31mred\nnext', { amount: 12 });
  await ctx.step(
    'pay',
    (step) => {
      step.log.warn('two');
      if (step.attempt === 1) throw new Error('later');
    },
    { retry: { initial: 1 } },
  );
  await ctx.waitForSignal('go');
  ctx.log.error('three');
});
const relay = workflow('relay', async (ctx, left: number) => {
  ctx.log.info(`${left} left`);
  await ctx.waitForSignal('go');
  return left > 0 ? ctx.continueAsNew(left - 1) : undefined;
});
const endless = workflow('endless', (ctx) => {
  for (let at = 0; at <= MAX_LOG_LINES + 1; at++) ctx.log.info(`line ${at}`);
});

let place: Workplace;
let served: Served;
let run: Run;

beforeAll(async () => {
  place = workplace();
  served = await serve(place.store, [talkative, relay, endless]);
  run = await served.millrace.start(talkative, undefined, { key: 'talk' });
  await vi.waitFor(async () => expect((await run.logPage()).items).toHaveLength(3), 5_000);
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

const both = [
  ['a store', () => ['--store', place.store]],
  ['a server', () => ['--server', served.url]],
] as const;

describe('logs', () => {
  it('shows what a run has said, and nothing in it steers the terminal', async () => {
    const { status, out } = await millrace(['logs', 'key:talk', '--store', place.store]);
    expect(status).toBe(0);
    const when = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}`;
    expect(out.split('\n')).toEqual([
      expect.stringMatching(new RegExp(String.raw`^${when} info  one \\u001b\[31mred$`)),
      'next amount=12',
      expect.stringMatching(new RegExp(`^${when} warn  pay: two$`)),
      expect.stringMatching(new RegExp(String.raw`^${when} warn  pay \(attempt 2\): two$`)),
    ]);
  });

  it('says so when a run has said nothing', async () => {
    const args = ['logs', 'key:talk', '--level', 'error', '--store', place.store];
    expect(await millrace(args)).toEqual({ status: 0, out: '', err: 'it has said nothing' });
    expect(JSON.parse((await millrace([...args, '--json'])).out)).toEqual({
      ...{ items: [], nextCursor: null, dropped: 0 },
    });
  });

  it('shows a long log whole, and how much of it was not stored', async () => {
    const long = await served.millrace.start(endless, undefined);
    await vi.waitFor(async () => expect((await long.logPage({ tail: 1 })).dropped).toBe(2), 10_000);
    const { out, err } = await millrace(['logs', long.runId, '--server', served.url]);
    expect(out.split('\n')).toHaveLength(MAX_LOG_LINES);
    expect(err).toBe('2 lines more were said and not stored: the log of the run was full');
    const tail = await millrace(['logs', long.runId, '--tail', '1', '--store', place.store]);
    expect(tail.out).toContain(`line ${MAX_LOG_LINES - 1}`);
    expect(tail.out.split('\n')).toHaveLength(1);
  });

  it.each([
    [['--tail', '0'], '--tail is "0"'],
    [['--tail', 'x'], '--tail is "x"'],
    [['--level', 'loud'], 'Allowed choices are debug, info, warn, error'],
  ])('%j is refused', async (args, message) => {
    const { status, err } = await millrace(['logs', 'key:talk', ...args, '--store', place.store]);
    expect(status).toBe(2);
    expect(err).toContain(message);
  });

  it('of a run that is not there is refused', async () => {
    expect(await millrace(['logs', 'key:nobody', '--store', place.store])).toMatchObject({ status: 3 });
  });
});

describe.each(both)('logs --follow of %s', (_, where) => {
  it('shows what is said until the run has ended, also as another one', async () => {
    const first = await served.millrace.start(relay, 1);
    const { terminal, written } = fakeTerminal();
    const done = runProgram(terminal, ['logs', first.runId, '--follow', '--json', ...where()]);
    const said = (): string[] =>
      written()
        .out.split('\n')
        .filter((line) => line !== '')
        .map((line) => (JSON.parse(line) as { message: string }).message);
    await vi.waitFor(() => expect(said()).toEqual(['1 left']), 5_000);
    await first.signal('go');
    await vi.waitFor(() => expect(said()).toEqual(['1 left', '0 left']), 10_000);
    expect(written().err).toMatch(/^it goes on as run [0-9a-f-]{36}$/);
    await first.signal('go');
    expect(await done).toBe(0);
  });

  it('ends when it is told to', async () => {
    const { terminal, written } = fakeTerminal();
    const done = runProgram(terminal, ['logs', 'key:talk', '--follow', '--tail', '1', ...where()]);
    await vi.waitFor(() => expect(written().out).toContain('two'), 5_000);
    process.emit('SIGINT', 'SIGINT');
    expect(await done).toBe(130);
    expect(written().out.trim().split('\n')).toHaveLength(1);
  });
});

it('logs --follow outlasts a server that does not answer', async () => {
  let down = false;
  const door = createServer((asked, reply) => {
    if (down) return void asked.socket.destroy();
    fetch(`${served.url}${asked.url}`).then(
      async (answer) =>
        reply.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()),
      () => reply.destroy(),
    );
  }).listen(0, '127.0.0.1');
  await once(door, 'listening');
  const first = await served.millrace.start(relay, 0);
  const { terminal, written } = fakeTerminal();
  const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  const done = runProgram(terminal, ['logs', first.runId, '--follow', '--server', url]);
  await vi.waitFor(() => expect(written().out).toContain('0 left'), 5_000);
  down = true;
  door.closeAllConnections();
  await vi.waitFor(() => expect(written().err).not.toBe(''), 10_000);
  await first.signal('go');
  await first.result();
  down = false;
  expect(await done).toBe(0);
  expect(written().out.trim().split('\n')).toHaveLength(1);
  door.close();
}, 30_000);
