import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace, type Workplace } from '../../../../testbed/cli/workplace.ts';
import { Millrace } from '../../../millrace.ts';
import { SHOP } from '../../../../testbed/samples/shop.ts';

async function run(place: Workplace, target: string, ...more: string[]) {
  const file = place.write('shop.ts', SHOP);
  return millrace(['run', `${file}${target}`, '--store', place.store, ...more]);
}

describe('run', () => {
  it('prints the output as JSON and its progress beside it', async () => {
    using place = workplace();
    const { status, out, err } = await run(place, '#order', '--input', '{"id":17}');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toEqual({ stock: { boxes: 2 }, id: 17 });
    expect(err).toMatch(/^run [0-9a-f-]{36} · order version 1$/m);
    expect(err).toContain('✓ step reserve · {"boxes":2}');
    expect(err).toContain('↻ step failed: charge · Error: card machine busy');
    expect(err).toContain('✓ step charge · attempt 2 · "17"');
    expect(err).toMatch(/^completed after /m);
  });

  it('prints run, status, output and error with --json', async () => {
    using place = workplace();
    const { status, out } = await run(place, '#refund@2', '--json');
    expect(status).toBe(0);
    const runId = expect.stringMatching(/^[0-9a-f-]{36}$/) as string;
    expect(JSON.parse(out)).toEqual({ runId, status: 'completed', output: 'refunded', error: null });
  });

  it('leaves in the audit log who has started the run, once for a key', async () => {
    using place = workplace();
    const { out } = await run(place, '#refund@2', '--key', 'k', '--json');
    await run(place, '#refund@2', '--key', 'k');
    const client = await Millrace.open({ store: place.store, work: false });
    const { entries } = await client.audit();
    await client.close();
    const { runId } = JSON.parse(out) as { runId: string };
    expect(entries.map(({ actor, action, target }) => [actor, action, target])).toEqual([
      [expect.stringMatching(/^cli:.+@.+/), 'startRun', `runs/${runId}`],
    ]);
  });

  it('ends with 4 when the workflow fails', async () => {
    using place = workplace();
    const { status, out, err } = await run(place, '#order', '--input', '{"fail":"NO_STOCK"}', '--json');
    expect(status).toBe(4);
    expect(JSON.parse(out)).toMatchObject({
      status: 'failed',
      output: null,
      error: { code: 'NO_STOCK', message: 'no stock' },
    });
    expect(err).toContain('millrace retry ');
    const text = await run(place, '#order', '--input', '{"fail":"NO_STOCK"}');
    expect(text).toMatchObject({ status: 4, out: '' });
  });

  it('ends with 4 when the run is blocked, and says why', async () => {
    using place = workplace();
    const { status, out } = await run(place, '#foreign', '--json');
    expect(status).toBe(4);
    expect(JSON.parse(out)).toMatchObject({ status: 'blocked', error: { code: 'NON_DETERMINISTIC' } });
  });

  it('ends with 124 when the run times out', async () => {
    using place = workplace();
    const { status, out } = await run(place, '#nap', '--timeout', '50ms', '--json');
    expect(status).toBe(124);
    expect(JSON.parse(out)).toMatchObject({ status: 'timed-out', error: { code: 'RUN_TIMED_OUT' } });
  });

  it('gives the recorded result for a key whose run has ended', async () => {
    using place = workplace();
    const first = await run(place, '#order', '--key', 'order-17', '--input', '{"id":17}', '--json');
    const second = await run(place, '#order', '--key', 'order-17', '--input', '{"id":17}', '--json');
    expect(second).toMatchObject({ status: 0, out: first.out });
    expect(second.err).toContain('ended earlier, completed');
    const other = await run(place, '#order', '--key', 'order-17', '--input', '{"id":18}');
    expect(other).toMatchObject({ status: 1, out: '' });
    expect(other.err).toContain('order-17');
  });

  it('goes on with a run after a retry', async () => {
    using place = workplace();
    const args = ['--key', 'k', '--input', '{"fail":"X"}'];
    await run(place, '#order', ...args);
    expect(await millrace(['retry', 'key:k', '--store', place.store])).toMatchObject({ status: 0 });
    const again = await run(place, '#order', ...args);
    expect(again.status).toBe(4);
    expect(again.err).toMatch(/resumed after \d+ events\nfailed after/);
  });

  it('follows a run that continues as another', async () => {
    using place = workplace();
    const { status, out, err } = await run(place, '#counter', '--input', '2');
    expect([status, out]).toEqual([0, '"done"']);
    expect(err.match(/goes on as run/g)).toHaveLength(2);
  });

  it('tells what the run waits for, and the command for it', async () => {
    using place = workplace();
    const file = place.write('shop.ts', SHOP);
    const signalled: Promise<unknown>[] = [];
    const hear = (line: string): void => {
      if (!line.includes('it waits for signal')) return;
      const args = ['signal', 'key:a', 'approved', '{"ok":true}', '--store', place.store];
      signalled.push(millrace(args));
    };
    const args = ['run', `${file}#approval`, '--key', 'a', '--store', place.store];
    const { status, out, err } = await millrace(args, { hear });
    expect(await Promise.all(signalled)).toMatchObject([{ status: 0 }]);
    expect([status, JSON.parse(out)]).toEqual([0, { ok: true }]);
    expect(err).toMatch(/it waits for signal "approved" · millrace signal [0-9a-f-]{36} approved null/);
    expect(err).toContain('← signal approved · {"ok":true}');
  });
});

describe('run with demands', () => {
  it('executes here if this engine carries them', async () => {
    using place = workplace();
    const file = place.write('shop.ts', SHOP);
    const args = [
      'run',
      `${file}#refund`,
      '--requires',
      'gpu, ssd',
      '--region',
      'eu',
      '--store',
      place.store,
    ];
    const env = { ENGINE_LABELS: 'ssd,arm,gpu', REGION: 'eu' };
    expect(await millrace(args, { env })).toMatchObject({ status: 0, out: '"refunded"' });
    const listed = await millrace(['runs', '--json', '--store', place.store]);
    expect(JSON.parse(listed.out)).toMatchObject({
      items: [{ version: '2', requires: ['gpu', 'region=eu', 'ssd'] }],
    });
  });

  it('tells what this engine lacks, and ends when another one has executed it', async () => {
    using place = workplace();
    const file = place.write('shop.ts', SHOP);
    const args = ['run', `${file}#refund`, '--requires', 'gpu', '--store', place.store];
    const others: Promise<unknown>[] = [];
    const hear = (line: string): void => {
      if (!line.includes('lacks label gpu') || others.length > 0) return;
      others.push(millrace(args, { env: { ENGINE_LABELS: 'gpu', NODE_ID: 'able' } }));
    };
    expect(await millrace(args, { hear })).toMatchObject({ status: 0, out: '"refunded"' });
    expect(await Promise.all(others)).toMatchObject([{ status: 0, out: '"refunded"' }]);
  });
});

describe('run by name', () => {
  it('takes the workflow from --executors or MILLRACE_MODULE, with its executors', async () => {
    using place = workplace();
    const module = place.write('shop.ts', SHOP);
    const args = ['run', 'calls', '--store', place.store];
    expect(await millrace([...args, '--executors', module])).toMatchObject({ status: 0, out: '42' });
    expect(await millrace(args, { env: { MILLRACE_MODULE: module } })).toMatchObject({
      status: 0,
      out: '42',
    });
  });

  it('adds the executors of a module to a file', async () => {
    using place = workplace();
    const module = place.write(
      'math.ts',
      "export const executors = { 'math.double': (n: number) => n * 3 };",
    );
    const file = place.write(
      'calls.ts',
      `import { workflow } from 'millrace';
      export const c = workflow('c', (ctx) => ctx.call('math.double', 2));`,
    );
    const { out } = await millrace(['run', file, '--store', place.store, '--executors', module]);
    expect(out).toBe('6');
  });
});

describe('what run refuses leaves no store behind', () => {
  it.each<[string, number, RegExp, string[]]>([
    ['bad JSON', 2, /--input is not JSON: line 1, column 2/, ['#order', '--input', '{x']],
    ['an empty key', 2, /key is empty/, ['#order', '--key', '']],
    ['an empty label', 2, /label name is empty/, ['#order', '--requires', 'gpu,']],
    ['a label that nobody can demand', 2, /label "c\+\+" contains/, ['#order', '--requires', 'c++']],
    ['a bad duration', 2, /--timeout: "soon" is not a valid duration/, ['#order', '--timeout', 'soon']],
    ['a workflow that is not there', 3, /has no workflow "ordr", only .*Did you mean "order"\?/, ['#ordr']],
    ['a version that is not there', 3, /has no version "3" of workflow "refund", only 2/, ['#refund@3']],
    ['a file of several workflows', 2, /exports \d workflows: .*order@1.* Say which one/, ['']],
    [
      'a server',
      2,
      /--server: this command works on a store/,
      ['#order', '--server', 'http://127.0.0.1:7400'],
    ],
    [
      'a module that is not there',
      2,
      /gone\.ts: there is no such file/,
      ['#order', '--executors', 'gone.ts'],
    ],
    [
      'an unknown option',
      2,
      /unknown option '--inptu'\n\(Did you mean --input\?\)/,
      ['#order', '--inptu', '1'],
    ],
    ['an excess argument', 2, /too many arguments/, ['#order', 'more']],
  ])('%s', async (_what, status, message, [target = '', ...more]) => {
    using place = workplace();
    const outcome = await run(place, target, ...more);
    expect(outcome.err).toMatch(message);
    expect(outcome).toMatchObject({ status, out: '' });
    expect(existsSync(place.store.slice('file:'.length))).toBe(false);
  });

  it.each<[string, number, RegExp, string]>([
    ['no file and no module', 3, /there is no file "order".*--executors or MILLRACE_MODULE/s, 'order'],
    ['a missing file', 3, /gone\.ts: there is no such file/, './gone.ts'],
    ['a broken definition', 2, /order\.yaml:1:1 nodes: .*missing/, 'order.yaml'],
    ['a module without a workflow', 3, /exports no workflow/, 'math.ts'],
    ['a broken module', 2, /it is neither a function/, 'broken.ts'],
  ])('%s', async (_what, status, message, name) => {
    using place = workplace();
    place.write('order.yaml', 'workflow: order');
    place.write('math.ts', "export const executors = { 'math.double': (n: number) => n * 2 };");
    place.write('broken.ts', 'export const executors = { a: 1 };');
    const target = name.includes('.') && !name.startsWith('.') ? `${place.folder}/${name}` : name;
    const outcome = await millrace(['run', target, '--store', place.store]);
    expect(outcome.err).toMatch(message);
    expect(outcome).toMatchObject({ status, out: '' });
    expect(existsSync(place.store.slice('file:'.length))).toBe(false);
  });

  it('input that the schema refuses', async () => {
    using place = workplace();
    const file = place.write(
      'strict.ts',
      `import { workflow } from 'millrace';
      const input = { '~standard': { version: 1, vendor: 'test', validate: (value) =>
        typeof value?.id === 'number' ? { value } : { issues: [{ message: 'no number', path: ['id'] }] },
      } };
      export const strict = workflow('strict', { input }, async (ctx, order) => order.id);`,
    );
    const args = ['run', file, '--store', place.store, '--input'];
    const refused = await millrace([...args, '{}']);
    expect(refused.status).toBe(2);
    expect(refused.err).toContain('id: no number');
    expect(existsSync(place.store.slice('file:'.length))).toBe(false);
    expect(await millrace([...args, '{"id":3}'])).toMatchObject({ status: 0, out: '3' });
  });

  it('an environment with problems, all of them at once', async () => {
    using place = workplace();
    const file = place.write('shop.ts', SHOP);
    const env = { MAX_RETRIES: 'x', LOG_LEVEL: 'y', MILLRACE_MODUL: 'z' };
    const { status, err } = await millrace(['run', file, '--store', place.store], { env });
    expect(status).toBe(2);
    expect(err).toContain('did you mean MILLRACE_MODULE?');
    expect(err).toContain('MAX_RETRIES=x must be a whole number');
    expect(err).toContain('LOG_LEVEL=y must be one of');
  });

  it('two modules that disagree', async () => {
    using place = workplace();
    const file = place.write('shop.ts', SHOP);
    const other = place.write('other.ts', "export const executors = { 'math.double': () => 0 };");
    const { status, err } = await millrace([
      'run',
      `${file}#order`,
      '--store',
      place.store,
      '--executors',
      other,
    ]);
    expect([status, err]).toEqual([2, expect.stringContaining('two modules have math.double')]);
  });

  it('a store that cannot be reached', async () => {
    using place = workplace();
    const file = place.write('shop.ts', SHOP);
    const unreachable = await millrace([
      'run',
      `${file}#order`,
      '--store',
      'postgres://user:secret@127.0.0.1:1/shop',
    ]);
    expect(unreachable.status).toBe(5);
    expect(unreachable.err).not.toContain('secret');
    const unknown = await millrace(['run', `${file}#order`, '--store', 'mysql://root:secret@localhost/shop']);
    expect(unknown.status).toBe(2);
    expect(unknown.err).not.toContain('secret');
    const inFile = await millrace(['run', `${file}#order`, '--store', `file:${file}/store.db`]);
    expect(inFile.status).toBe(5);
  });
});
