import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace } from '../../../../testbed/cli/workplace.ts';
import { SHOP } from '../../../../testbed/samples/shop.ts';
import type { Problem } from '../../../core/dag/reading/problem.ts';

async function problemsOf(file: string): Promise<Problem[]> {
  const { out } = await millrace(['validate', file, '--json']);
  return JSON.parse(out) as Problem[];
}

describe('validate of modules', () => {
  it('finds nothing wrong with a sound module', async () => {
    using place = workplace();
    const file = place.write('shop.ts', SHOP);
    expect(await millrace(['validate', file])).toEqual({ status: 0, out: '', err: '1 file, no problems' });
    expect(await millrace(['validate', file, '--json'])).toMatchObject({ status: 0, out: '[]' });
  });

  it('lists every problem of every file with place, value and remedy', async () => {
    using place = workplace();
    const file = place.write(
      'broken.ts',
      `import { workflow } from 'millrace';
      const run = async () => 1;
      const a = workflow('a', run);
      export const workflows = [a, workflow('a', run), { name: 'bad name', version: 1, run }, 17];
      export const executors = { good: run, '': run, bad: 'text' };`,
    );
    const outcome = await millrace(['validate', file, `${place.folder}/gone.ts`, '--json']);
    expect(outcome.status).toBe(2);
    expect(JSON.parse(outcome.out)).toMatchObject([
      { file, path: 'workflows[2]', code: 'INVALID_ARGUMENT', value: '"bad name"', line: null, column: null },
      { file, path: 'workflows[3]', message: 'it is not a workflow', value: '17' },
      { file, path: 'workflows[1]', code: 'DUPLICATE_REGISTRATION', value: 'a' },
      { file, path: 'executors[""]', code: 'INVALID_ARGUMENT' },
      {
        file,
        path: 'executors["bad"]',
        message: 'it is neither a function nor an isolated one',
        value: '"text"',
      },
      { file: `${place.folder}/gone.ts`, path: '', message: 'there is no such file' },
    ]);
    const text = await millrace(['validate', file]);
    expect(text.out).toContain(`${file} workflows[3]: it is not a workflow (17)`);
    expect(text.err).toBe('1 file, 5 problems');
  });

  it('takes executors that run in worker processes', async () => {
    using place = workplace();
    const file = place.write(
      'jobs.ts',
      `import { isolated } from 'millrace';
      export const resize = isolated(new URL(import.meta.url), { export: 'shrink' });
      export const shrink = () => 1;
      export const executors = { resize };`,
    );
    expect(await problemsOf(file)).toEqual([]);
  });

  it('knows a workflow that is listed and exported by name as one', async () => {
    using place = workplace();
    const file = place.write(
      'twice.ts',
      `import { workflow } from 'millrace';
      export const a = workflow('a', async () => 1);
      export const workflows = { a };`,
    );
    expect(await problemsOf(file)).toEqual([]);
  });

  it.each([
    [
      'a workflow as the list',
      "export const workflows = { name: 'a', version: '1', run() {} };",
      'workflow \\"a\\"',
    ],
    ['text as the list', "export const workflows = 'order';", 'neither a list nor a record'],
    ['a list of executors', 'export const executors = [];', 'not a record of functions'],
    ['nothing of use', 'export const other = 1;', 'neither workflows nor executors'],
    ['nothing at all', '', 'neither workflows nor executors'],
  ])('refuses %s', async (_what, text, message) => {
    using place = workplace();
    const { status, out } = await millrace(['validate', place.write('m.mjs', text), '--json']);
    expect(status).toBe(2);
    expect(out).toContain(message);
  });

  it('names line and column of what cannot be loaded', async () => {
    using place = workplace();
    const syntax = place.write('syntax.mjs', 'export const a = 1;\nexport const = 2;\n');
    expect(await problemsOf(syntax)).toMatchObject([{ file: syntax, line: 2, code: 'INVALID_ARGUMENT' }]);
    const throwing = place.write('throwing.mjs', '\n\nthrow new TypeError("boom");\n');
    expect(await problemsOf(throwing)).toMatchObject([
      { line: 3, column: 7, message: 'it cannot be loaded: TypeError: boom' },
    ]);
    const text = place.write('text.mjs', 'throw "boom";');
    expect(await problemsOf(text)).toMatchObject([
      { line: null, message: 'it cannot be loaded: Error: boom' },
    ]);
    const unresolved = place.write('unresolved.mjs', "import 'no-such-package';");
    expect(await problemsOf(unresolved)).toMatchObject([
      { remedy: 'Install the package, or correct the path of the import.' },
    ]);
    const names = place.write(
      'names.mjs',
      "import { workflow } from 'millrace';\nexport const a = workflow('bad name', () => 1);",
    );
    expect(await problemsOf(names)).toMatchObject([
      { line: 2, message: expect.stringContaining('bad name') as string },
    ]);
  });

  it('says what is no module, and what a missing file may be called', async () => {
    using place = workplace();
    place.write('shop.ts', SHOP);
    expect(await problemsOf(`${place.folder}/shpo.ts`)).toMatchObject([{ remedy: 'Did you mean shop.ts?' }]);
    expect(await problemsOf(`${place.folder}/gone/shop.ts`)).toMatchObject([{ remedy: 'Correct the path.' }]);
    expect((await problemsOf(place.write('a.txt', '')))[0]?.message).toContain(
      'neither TypeScript nor JavaScript',
    );
    expect((await problemsOf(place.folder))[0]?.message).toBe('it is a folder');
  });
});

describe('validate of definitions', () => {
  const SOUND = 'workflow: order\nversion: 1\nnodes:\n  greet: { value: hello }\n';

  it('finds nothing wrong with sound ones, in YAML and JSON', async () => {
    using place = workplace();
    const files = [
      place.write('order.yaml', SOUND),
      place.write('order.yml', SOUND),
      place.write('order.json', '{"workflow":"order","version":1,"nodes":{"greet":{"value":"hello"}}}'),
    ];
    const outcome = { status: 0, out: '', err: '3 files, no problems' };
    expect(await millrace(['validate', ...files])).toEqual(outcome);
    expect(await millrace(['validate', ...files, '--json'])).toMatchObject({ status: 0, out: '[]' });
  });

  it('lists every problem of several files and modules, with its place', async () => {
    using place = workplace();
    const first = place.write('a.yaml', SOUND.replace('value', 'valeu'));
    const second = place.write('b.json', '{\n  "workflow": "order",\n  "version": 1,\n  "nodes": {}\n}');
    const third = place.write('c.mjs', '');
    const { status, out, err } = await millrace(['validate', first, second, third]);
    expect({ status, err }).toEqual({ status: 2, err: '3 files, 3 problems' });
    expect(out.split('\n').slice(0, 4)).toEqual([
      `UNKNOWN_KEY ${first}:4:12 nodes.greet.valeu: there is no key "valeu" here ("valeu")`,
      '  Did you mean "value"?',
      `INVALID_VALUE ${second}:4:12 nodes: "nodes" is empty (an empty object)`,
      '  Write at least one: nodes: { first: { executor: noop } }.',
    ]);
    const json = await millrace(['validate', first, '--json']);
    expect(JSON.parse(json.out)).toEqual([
      {
        file: first,
        line: 4,
        column: 12,
        path: 'nodes.greet.valeu',
        code: 'UNKNOWN_KEY',
        message: 'there is no key "valeu" here',
        value: '"valeu"',
        remedy: 'Did you mean "value"?',
      },
    ]);
  });

  it('says what cannot be read', async () => {
    using place = workplace();
    place.write('order.yaml', SOUND);
    expect(await problemsOf(`${place.folder}/odrer.yaml`)).toMatchObject([
      { path: '', message: 'there is no such file', remedy: 'Did you mean order.yaml?' },
    ]);
    mkdirSync(`${place.folder}/folder.yaml`);
    expect(await problemsOf(`${place.folder}/folder.yaml`)).toMatchObject([{ message: 'it is not a file' }]);
    const latin = place.write('latin.yaml', '');
    writeFileSync(latin, Buffer.from([0x61, 0x3a, 0xe9]));
    expect(await problemsOf(latin)).toMatchObject([{ message: 'it is not UTF-8 text' }]);
    const large = place.write('large.yaml', `# ${'x'.repeat(9 * 1024 * 1024)}`);
    expect(await problemsOf(large)).toMatchObject([
      { code: 'TOO_LARGE', file: large, line: null, message: 'the document is larger than 8 MiB' },
    ]);
  });
});
