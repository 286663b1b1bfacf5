import { describe, expect, it } from 'vitest';
import { compileDefinition } from '../compile.ts';
import { checkDocument, readDefinition, type ReadResult } from './read-definition.ts';

const HEAD = 'workflow: a\nversion: 1\n';
const MIB = 1024 * 1024;

function codesIn(read: ReadResult): readonly string[] {
  return 'problems' in read ? read.problems.map(({ code, message }) => `${code}: ${message}`) : [];
}

function graphOf(count: number, node: (index: number) => object): object {
  const nodes = Object.fromEntries(Array.from({ length: count }, (_, index) => [`n${index}`, node(index)]));
  return { workflow: 'a', version: 1, nodes };
}

/** Each node needs the one before it. */
function chainOf(count: number, more: (index: number) => object = () => ({})): object {
  return graphOf(count, (index) => ({
    value: 1,
    ...(index === 0 ? {} : { needs: [`n${index - 1}`], ...more(index) }),
  }));
}

const TOO_LARGE = 'TOO_LARGE: the document is larger than 8 MiB';
const EXPANDED = `${TOO_LARGE} when its aliases are followed`;
const TOO_DEEP = 'TOO_LARGE: lists and objects are nested in more than 100 levels';

describe('what is too large', () => {
  it('is refused by its bytes, however few characters they are', () => {
    const long = `# ${'€'.repeat(3 * MIB)}\n${HEAD}`;
    expect(long.length).toBeLessThan(8 * MIB);
    expect(codesIn(readDefinition(long, 'a.yaml'))).toEqual([TOO_LARGE]);
    const nodes = { a: { value: 'x'.repeat(5 * MIB) }, b: { value: 'y'.repeat(5 * MIB) }, c: { value: 1 } };
    expect(codesIn(checkDocument({ workflow: 'a', version: 1, nodes }))).toEqual([TOO_LARGE]);
    expect(codesIn(checkDocument({ ['k'.repeat(9 * MIB)]: 1, b: 2 }))).toEqual([TOO_LARGE]);
  });

  it('is refused by its nodes', () => {
    const read = checkDocument(graphOf(100_001, () => ({ value: 1 })));
    expect(codesIn(read)).toEqual(['TOO_LARGE: there are more than 100000 nodes']);
  });

  it('is refused by its levels, in YAML, JSON and objects', () => {
    const nested = `${HEAD}nodes: { a: { value: ${'['.repeat(100_000)}`;
    expect(codesIn(readDefinition(nested, 'a.yaml'))).toEqual([TOO_DEEP]);
    expect(codesIn(readDefinition('- '.repeat(100_000), 'a.yaml'))).toEqual([TOO_DEEP]);
    const json = `{"a":${'['.repeat(1000)}${']'.repeat(1000)}}`;
    expect(codesIn(readDefinition(json, 'a.json'))).toEqual([TOO_DEEP]);
    expect(codesIn(checkDocument(JSON.parse(json)))).toEqual([TOO_DEEP]);
    const sound = `${'['.repeat(97)}1${']'.repeat(97)}`;
    expect(codesIn(readDefinition(`${HEAD}nodes: { a: { value: ${sound} } }`, 'a.yaml'))).toEqual([]);
  });

  it('is not hidden by aliases: of size, or of levels', () => {
    const laughs = [
      'a0: &a0 [lol, lol]',
      ...Array.from({ length: 40 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`),
    ];
    expect(codesIn(readDefinition(laughs.join('\n'), 'a.yaml'))).toEqual([EXPANDED]);
    const long = [`t: &t ${'x'.repeat(MIB)}`, 'l: [*t, *t, *t, *t, *t, *t, *t, *t, *t]'];
    expect(codesIn(readDefinition(long.join('\n'), 'a.yaml'))).toEqual([EXPANDED]);
    const deep = [
      'a0: &a0 [1]',
      ...Array.from({ length: 120 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}]`),
    ];
    expect(codesIn(readDefinition(deep.join('\n'), 'a.yaml'))).toContain(TOO_DEEP);
  });

  it('may have as many aliases as it likes', () => {
    const nodes = Array.from({ length: 2000 }, (_, at) => `  n${at}: { executor: noop, retry: *r }\n`);
    const text = `${HEAD}nodes:\n  first: { executor: noop, retry: &r { maxAttempts: 9 } }\n${nodes.join('')}`;
    expect(codesIn(readDefinition(text, 'a.yaml'))).toEqual([]);
  });

  it('lists ten thousand problems at most', { timeout: 60_000 }, () => {
    const codes = codesIn(checkDocument(graphOf(10_050, () => ({ executor: 'noop', needs: ['gone'] }))));
    expect(codes).toHaveLength(10_001);
    expect(codes.at(-1)).toBe('TOO_LARGE: there are 50 more problems');
  });

  it('has the first twenty broken lines listed', () => {
    expect(codesIn(readDefinition('a: @\n'.repeat(30), 'a.yaml'))).toHaveLength(20);
  });

  it('is not read to the end where a second document begins', () => {
    const read = codesIn(
      readDefinition(`${HEAD}nodes: { a: { value: 1 } }\n${'---\n'.repeat(1000)}`, 'a.yaml'),
    );
    expect(read).toEqual(['YAML_FEATURE: a second document begins']);
  });
});

describe('a definition of a hundred thousand nodes', () => {
  // Quadratic work would be 10,000,000,000 steps: these tests would not end.
  it('is a chain of which each speaks of the one half way', { timeout: 120_000 }, () => {
    const read = checkDocument(chainOf(100_000, (at) => ({ value: `\${ nodes.n${at >> 1}.output }` })));
    expect(read).toHaveProperty('definition');
  });

  it('is compiled from its stored form', { timeout: 120_000 }, () => {
    const document = chainOf(100_000) as Parameters<typeof compileDefinition>[0];
    expect(compileDefinition(document).nodes[99_999]).toMatchObject({ id: 'n99999', needs: [99_998] });
  });

  it('is one cycle, shown at both ends', { timeout: 120_000 }, () => {
    const read = checkDocument(graphOf(100_000, (at) => ({ value: 1, needs: [`n${(at + 1) % 100_000}`] })));
    const [problem, ...others] = 'problems' in read ? read.problems : [];
    expect(others).toEqual([]);
    expect(problem?.message).toMatch(/: n0 → n1 → .* → n19 → … 99960 more … → n99980 → .* → n99999 → n0$/);
  });
});

describe('a definition of ten thousand nodes', () => {
  it('is a star, all of which need the first and the last needs all', { timeout: 60_000 }, () => {
    const all = Array.from({ length: 9999 }, (_, at) => `n${at}`);
    const read = checkDocument(
      graphOf(10_000, (at) => ({ value: 1, needs: at === 9999 ? all : at === 0 ? [] : ['n0'] })),
    );
    expect(read).toHaveProperty('definition');
  });

  it('is a chain of which each speaks of the first, read from JSON', { timeout: 60_000 }, () => {
    const chain = chainOf(10_000, () => ({ value: '${ nodes.n0.output }' }));
    expect(readDefinition(JSON.stringify(chain), 'a.json')).toHaveProperty('definition');
  });
});
