import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DefinitionDocument } from '../definition.ts';
import { canonicalText, differencesOf } from './canonical.ts';

const base: DefinitionDocument = {
  workflow: 'a',
  version: 1,
  nodes: { b: { executor: 'noop', with: { y: [1, { q: null, p: 'ü' }], x: true } }, a: { value: 1 } },
};

describe('the stored form of a definition', () => {
  it('sorts keys, but for the nodes, whose order is kept', () => {
    expect(canonicalText(base)).toBe(
      '{"nodes":{"b":{"executor":"noop","with":{"x":true,"y":[1,{"p":"ü","q":null}]}},"a":{"value":1}},' +
        '"version":1,"workflow":"a"}',
    );
    expect(canonicalText({ nodes: base.nodes, queue: undefined, version: 1, workflow: 'a' })).toBe(
      canonicalText(base),
    );
  });

  it('is JSON of the same document', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (value, output) => {
        const document = { workflow: 'a', version: 1, output, nodes: { a: { value } } };
        expect(JSON.parse(canonicalText(document))).toEqual(JSON.parse(JSON.stringify(document)));
      }),
    );
    expect(canonicalText({ ...base, nodes: { a: { value: { x: undefined } } } })).toContain('{"value":{}}');
  });
});

describe('the differences of two definitions', () => {
  it('are none for the same, whatever the order of keys', () => {
    expect(differencesOf(base, { nodes: base.nodes, version: 1, workflow: 'a' })).toEqual([]);
  });

  it('are what was changed, added and removed, each at its place', () => {
    const other = {
      workflow: 'a',
      version: 1,
      queue: 'fast',
      nodes: {
        b: { executor: 'log', with: { y: [1, { p: 'ü', q: 2 }, 3], x: [true] }, needs: ['a'] },
        c: { value: 1 },
      },
    };
    expect(differencesOf(base, other)).toEqual([
      { path: 'nodes.b.executor', was: 'noop', is: 'log' },
      { path: 'nodes.b.with.y[1].q', was: null, is: 2 },
      { path: 'nodes.b.with.y[2]', was: undefined, is: 3 },
      { path: 'nodes.b.with.x', was: true, is: [true] },
      { path: 'nodes.b.needs', was: undefined, is: ['a'] },
      { path: 'nodes.a', was: { value: 1 }, is: undefined },
      { path: 'nodes.c', was: undefined, is: { value: 1 } },
      { path: 'queue', was: undefined, is: 'fast' },
    ]);
    const list = { ...base, nodes: { ...base.nodes, a: { value: {} } } };
    const record = { ...base, nodes: { ...base.nodes, a: { value: [] } } };
    expect(differencesOf(list, record)).toEqual([{ path: 'nodes.a.value', was: {}, is: [] }]);
  });

  it('are the order of the nodes where nothing else is', () => {
    const { a, b } = base.nodes as Readonly<Record<'a' | 'b', Readonly<Record<string, unknown>>>>;
    expect(differencesOf(base, { ...base, nodes: { a, b } })).toEqual([
      { path: 'nodes', was: ['b', 'a'], is: ['a', 'b'] },
    ]);
  });
});
