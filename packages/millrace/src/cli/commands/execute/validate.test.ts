import { describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace } from '../../../../testbed/cli/workplace.ts';
import { SHOP } from '../../../../testbed/samples/shop.ts';
import type { ModuleProblem } from '../../modules/module-problem.ts';

async function problemsOf(file: string): Promise<ModuleProblem[]> {
  const { out } = await millrace(['validate', file, '--json']);
  return JSON.parse(out) as ModuleProblem[];
}

describe('validate', () => {
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
    const definition = place.write('order.yaml', 'workflow: order');
    expect((await problemsOf(definition))[0]?.message).toContain('it is a definition, not a module');
    expect((await problemsOf(place.write('a.txt', '')))[0]?.message).toContain(
      'neither TypeScript nor JavaScript',
    );
    expect((await problemsOf(place.folder))[0]?.message).toContain('neither TypeScript nor JavaScript');
  });
});
