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

  it('lists ten thousand problems at most', () => {
    const codes = codesIn(checkDocument(graphOf(10_050, () => ({ executor: 'noop', needs: ['gone'] }))));
    expect(codes).toHaveLength(10_001);
    expect(codes.at(-1)).toBe('TOO_LARGE: there are 50 more problems');
  });

  it('has the first twenty broken lines listed', () => {
    expect(codesIn(readDefinition('a: @\n'.repeat(30), 'a.yaml'))).toHaveLength(20);
  });
});

describe('a definition of a hundred thousand nodes', () => {
  // Quadratic work would be 10,000,000,000 steps: these tests would not end.
  it.each([
    ['of which each speaks of the first', () => ({ value: '${ nodes.n0.output }' })],
    ['of which each speaks of one half way', (at: number) => ({ value: `\${ nodes.n${at >> 1}.output }` })],
  ])('is a chain %s', { timeout: 60_000 }, (_what, more) => {
    const read = checkDocument(chainOf(100_000, more));
    expect('problems' in read && read.problems.slice(0, 3)).toBe(false);
  });

  it('is compiled from its stored form', { timeout: 60_000 }, () => {
    const document = chainOf(100_000) as Parameters<typeof compileDefinition>[0];
    expect(compileDefinition(document).nodes[99_999]).toMatchObject({ id: 'n99999', needs: [99_998] });
  });

  it('is one cycle, shown at both ends', { timeout: 60_000 }, () => {
    const read = checkDocument(graphOf(100_000, (at) => ({ value: 1, needs: [`n${(at + 1) % 100_000}`] })));
    const [problem, ...others] = 'problems' in read ? read.problems : [];
    expect(others).toEqual([]);
    expect(problem?.message).toMatch(/: n0 → n1 → .* → n19 → … 99960 more … → n99980 → .* → n99999 → n0$/);
  });

  it('is a star, all of which need the first and the last needs all', { timeout: 60_000 }, () => {
    const all = Array.from({ length: 99_999 }, (_, at) => `n${at}`);
    const read = checkDocument(
      graphOf(100_000, (at) => ({ value: 1, needs: at === 99_999 ? all : at === 0 ? [] : ['n0'] })),
    );
    expect(read).toHaveProperty('definition');
  });

  it('is read from JSON', { timeout: 60_000 }, () => {
    expect(readDefinition(JSON.stringify(chainOf(100_000)), 'a.json')).toHaveProperty('definition');
  });
});
