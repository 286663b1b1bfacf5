import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { workplace } from '../../testbed/cli/workplace.ts';
import { Millrace } from '../millrace.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const TIMEOUT_MS = 60_000;

/** A step that ends when a file is there, and a count of how often it began. */
const SLOW = `
import { appendFileSync, existsSync } from 'node:fs';
import { workflow } from 'millrace';
export const slow = workflow('slow', async (ctx, folder) => {
  await ctx.step('first', () => appendFileSync(folder + '/first', 'x'));
  await ctx.step('second', async () => {
    appendFileSync(folder + '/second', 'x');
    while (!existsSync(folder + '/go')) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  return 'done';
});
`;

interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when standard error has said it. */
  said(words: string): Promise<void>;
  ended(): Promise<{ status: number | null; out: string; err: string }>;
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  const text = { out: '', err: '' };
  child.stdout.on('data', (data: Buffer) => (text.out += data.toString()));
  child.stderr.on('data', (data: Buffer) => (text.err += data.toString()));
  const over = once(child, 'close');
  return {
    child,
    async said(words) {
      while (!text.err.includes(words)) {
        // oxlint-disable-next-line no-await-in-loop -- until it is said
        await Promise.race([
          once(child.stderr, 'data'),
          over.then(() => Promise.reject(new Error(text.err))),
        ]);
      }
    },
    async ended() {
      const [status] = (await over) as [number | null];
      return { status, ...text };
    },
  };
}

describe('the program', () => {
  it('ends with the status that it means, results apart from talk', { timeout: TIMEOUT_MS }, async () => {
    using place = workplace();
    const made = `file:${place.folder}/made.db`;
    expect((await start(['migrate', '--store', made]).ended()).status).toBe(0);
    const cases: [string[], number][] = [
      [['--version'], 0],
      [['rnu'], 2],
      [['runs', '--store', place.store], 5],
      [['show', 'key:nobody', '--store', made], 3],
    ];
    const endings = await Promise.all(cases.map(([args]) => start(args).ended()));
    expect(endings.map(({ status }) => status)).toEqual(cases.map(([, status]) => status));
    for (const { status, out, err } of endings) expect(status === 0 ? err : out).toBe('');
  });

  it('colours on request only', { timeout: TIMEOUT_MS }, async () => {
    const [plain, forced] = await Promise.all([
      start(['show', 'x', '--store', 'x']).ended(),
      start(['show', 'x', '--store', 'x'], { FORCE_COLOR: '1' }).ended(),
    ]);
    expect(plain.err).not.toContain('\u001b[');
    expect(forced.err).toContain('\u001b[');
  });

  it('that was killed resumes with the same key, and repeats no step', { timeout: TIMEOUT_MS }, async () => {
    using place = workplace();
    const file = place.write('slow.ts', SLOW);
    const args = ['run', file, '--store', place.store, '--key', 'k', '--input', JSON.stringify(place.folder)];
    const first = start(args);
    await first.said('✓ step first');
    first.child.kill('SIGKILL');
    await first.ended();
    place.write('go', '');
    const { status, out, err } = await start([...args, '--json']).ended();
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ status: 'completed', output: 'done' });
    expect(err).toContain('✓ step second');
    expect(
      (await start(['history', 'key:k', '--store', place.store]).ended()).out.match(/first/g),
    ).toHaveLength(1);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'drains on %s and leaves the run resumable',
    { timeout: TIMEOUT_MS },
    async (signal, expected) => {
      using place = workplace();
      const file = place.write('slow.ts', SLOW);
      const args = [
        'run',
        file,
        '--store',
        place.store,
        '--key',
        'k',
        '--input',
        JSON.stringify(place.folder),
      ];
      const first = start(args);
      await first.said('✓ step first');
      first.child.kill(signal);
      await first.said(`${signal}: finishing running steps`);
      place.write('go', '');
      expect(await first.ended()).toMatchObject({ status: expected, out: '' });
      const { status, out } = await start(args).ended();
      expect([status, out]).toEqual([0, '"done"\n']);
    },
  );

  it('ends at once on the second signal', { timeout: TIMEOUT_MS }, async () => {
    using place = workplace();
    const file = place.write('slow.ts', SLOW);
    const args = ['run', file, '--store', place.store, '--key', 'k', '--input', JSON.stringify(place.folder)];
    const { child, said, ended } = start(args);
    await said('✓ step first');
    child.kill('SIGTERM');
    await said('SIGTERM: finishing running steps');
    child.kill('SIGINT');
    expect(await ended()).toMatchObject({ status: 130, out: '' });
  });

  it('serves until a signal: its steps end, and the status is 0', { timeout: TIMEOUT_MS }, async () => {
    using place = workplace();
    const client = await Millrace.open({ store: place.store, work: false });
    const run = await client.start({ name: 'slow', version: '1' }, place.folder);
    const env = { MILLRACE_MODULE: place.write('slow.ts', SLOW), NODE_ID: 'one' };
    const serve = ['serve', '--no-http', '--store', place.store];
    const first = start(serve, env);
    await first.said('engine one works');
    await expect.poll(() => existsSync(`${place.folder}/second`), { timeout: 20_000 }).toBe(true);
    first.child.kill('SIGTERM');
    await first.said('SIGTERM: finishing running steps');
    place.write('go', '');
    expect((await first.ended()).status).toBe(0);
    expect((await client.cluster()).engines, 'it said goodbye').toMatchObject([{ status: 'dead' }]);

    const second = start(serve, { ...env, NODE_ID: 'two' });
    expect(await run.result()).toBe('done');
    await second.said('engine two works');
    second.child.kill('SIGINT');
    expect((await second.ended()).status).toBe(0);
    await client.close();
  });

  it('serves no longer after a second signal', { timeout: TIMEOUT_MS }, async () => {
    using place = workplace();
    const client = await Millrace.open({ store: place.store, work: false });
    await client.start({ name: 'slow', version: '1' }, place.folder);
    const env = { MILLRACE_MODULE: place.write('slow.ts', SLOW) };
    const { child, said, ended } = start(
      ['serve', '--no-http', '--grace', '1h', '--store', place.store],
      env,
    );
    await expect.poll(() => existsSync(`${place.folder}/second`), { timeout: 20_000 }).toBe(true);
    child.kill('SIGINT');
    await said('SIGINT: finishing running steps');
    child.kill('SIGTERM');
    expect((await ended()).status).toBe(143);
    await client.close();
  });
});
