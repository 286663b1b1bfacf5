import { describe, expect, test } from 'vitest';
import {
  catalogueCodes,
  disagreements,
  documentedNames,
  lockfileFaults,
  reasonCodes,
  runtimeDependencies,
} from './agreement.ts';
import { repositoryFiles } from './repository.ts';

const FILES = repositoryFiles();
const read = (path: string): string => FILES.find((file) => file.path === path)?.text ?? '';

describe('the error reference', () => {
  const page = 'docs/reference/errors.md';

  test('lists exactly the codes that exist', () => {
    const catalogue = FILES.flatMap(({ path, text }) =>
      path.startsWith('packages/millrace/src/core/') ? catalogueCodes(text) : [],
    );
    expect(catalogue).not.toEqual([]);
    const documented = documentedNames(read(page));
    expect(
      disagreements({ name: 'the catalogue', entries: catalogue }, { name: page, entries: documented }),
    ).toEqual([]);
  });

  test('is compared code by code', () => {
    const codes = catalogueCodes(
      'export const ERRORS = {\n  ONE: {\n    status: 1,\n  },\n  TWO: {\n  },\n} as const;\n',
    );
    const names = documentedNames('# Errors\n\n| `ONE` | 400 | `not this` |\n\n### `THREE`\n');
    expect(disagreements({ name: 'a', entries: codes }, { name: 'b', entries: names })).toEqual([
      'TWO is in a, not in b',
      'THREE is in b, not in a',
    ]);
  });
});

describe('the guide to why', () => {
  const page = 'docs/guides/why.md';

  test('says of exactly the codes that exist what frees the run', () => {
    const entries = FILES.filter(({ path }) => path.startsWith('packages/millrace/src/core/policy/')).flatMap(
      ({ text }) => reasonCodes(text),
    );
    expect(entries.length).toBeGreaterThan(20);
    const documented = documentedNames(read(page));
    expect(disagreements({ name: 'why', entries }, { name: page, entries: documented })).toEqual([]);
  });

  test('is compared code by code', () => {
    expect(reasonCodes("export type ReasonCode =\n  | 'ONE'\n  | Others;\nconst other = 'NOT';\n")).toEqual([
      'ONE',
    ]);
    expect(reasonCodes("export const CODES = {\n  a: 'TWO',\n} as const;\n")).toEqual(['TWO']);
  });
});

describe('the dependency reference', () => {
  const page = 'docs/reference/dependencies.md';

  test('gives a reason for exactly the runtime dependencies', () => {
    const manifests = FILES.filter(({ path }) => /^packages\/[^/]+\/package\.json$/.test(path));
    const entries = manifests.flatMap(({ text }) => runtimeDependencies(text));
    expect(entries).not.toEqual([]);
    const documented = documentedNames(read(page));
    expect(disagreements({ name: 'package.json', entries }, { name: page, entries: documented })).toEqual([]);
  });

  test('leaves out our own packages', () => {
    const dependencies = { pg: '8.0.0', millrace: '0.1.0', '@millrace/client': '0.1.0' };
    expect(runtimeDependencies(JSON.stringify({ dependencies }))).toEqual(['pg']);
  });
});

describe('the lockfile', () => {
  test('names no host and holds the binaries of every platform', () => {
    expect(lockfileFaults(read('package-lock.json'))).toEqual([]);
  });

  test('is read entry by entry', () => {
    const packages = {
      'node_modules/pg': { resolved: 'https://example.com/pg.tgz' },
      'node_modules/millrace': { resolved: 'packages/millrace' },
      'node_modules/oxfmt': { optionalDependencies: { '@oxfmt/linux': '1', '@oxfmt/mac': '1' } },
      'node_modules/@oxfmt/linux': {},
    };
    expect(lockfileFaults(JSON.stringify({ packages }))).toEqual([
      'node_modules/pg names a host',
      'node_modules/oxfmt lacks @oxfmt/mac',
    ]);
  });
});
