import { describe, expect, it } from 'vitest';
import { isMillraceError } from '../errors.ts';
import { compileDefinition } from './compile.ts';
import type { DefinitionDocument } from './definition.ts';

function documentOf(nodes: DefinitionDocument['nodes'], head: object = {}): DefinitionDocument {
  return { workflow: 'a', version: 1, nodes, ...head };
}

function refusalOf(document: unknown): unknown {
  try {
    return compileDefinition(document as DefinitionDocument);
  } catch (error) {
    return error;
  }
}

describe('a compiled definition', () => {
  it('has the defaults of what is left out', () => {
    const { nodes, ...head } = compileDefinition(documentOf({ a: { executor: 'noop' } }));
    expect(head).toMatchObject({ name: 'a', version: '1', limits: [], concurrency: 64 });
    for (const key of ['input', 'queue', 'priority', 'timeoutMs', 'output'] as const)
      expect(head[key]).toBeUndefined();
    expect(nodes).toEqual([
      {
        ...{
          id: 'a',
          kind: 'executor',
          executor: 'noop',
          needs: [],
          join: 'completed',
          onError: 'fail',
          requires: [],
        },
        ...{ when: undefined, input: undefined, forEach: undefined, retry: undefined, timeoutMs: undefined },
        ...{ compensate: undefined, region: undefined, affinity: undefined },
      },
    ]);
  });

  it('has times in milliseconds, needs as positions and templates compiled', () => {
    const compensate = { executor: 'undo', with: '${ nodes.a.output }', retry: 2, timeout: '5s' };
    const definition = compileDefinition(
      documentOf(
        {
          a: { executor: 'noop', compensate, timeout: 250, retry: { maxAttempts: 2 }, onError: 'continue' },
          b: { needs: ['a'], signal: 'go', timeout: '7d', join: 'settled' },
          c: { needs: ['b', 'a'], sleep: '3 days' },
          d: { workflow: 'invoice', with: { id: 1 }, region: 'eu', requires: ['pci'] },
          e: { value: '${ item }', forEach: '${ input }', concurrency: 3, onItemError: 'skip' },
          f: { value: null, forEach: [1] },
          g: { executor: 'noop', compensate: { executor: 'undo' } },
        },
        { timeout: '2h', priority: 'high', queue: 'q', input: true, concurrency: 2, output: '${ input }' },
      ),
    );
    const [a, b, c, d, e, f, g] = definition.nodes;
    expect(definition).toMatchObject({
      timeoutMs: 7_200_000,
      priority: 'high',
      queue: 'q',
      input: true,
      concurrency: 2,
    });
    expect(definition.output?.isConstant).toBe(false);
    expect(a).toMatchObject({ timeoutMs: 250, retry: { maxAttempts: 2 }, onError: 'continue' });
    expect(a?.compensate).toMatchObject({
      executor: 'undo',
      retry: 2,
      timeoutMs: 5000,
      input: { nodes: ['a'] },
    });
    expect(b).toMatchObject({
      kind: 'signal',
      signal: 'go',
      needs: [0],
      join: 'settled',
      timeoutMs: 604_800_000,
    });
    expect(c).toMatchObject({ kind: 'sleep', sleep: { constant: '3 days' }, needs: [1, 0] });
    expect(d).toMatchObject({
      kind: 'workflow',
      workflow: 'invoice',
      region: { constant: 'eu' },
      requires: ['pci'],
    });
    expect(e?.forEach).toMatchObject({ concurrency: 3, onItemError: 'skip', items: { isConstant: false } });
    expect(f?.forEach).toMatchObject({ concurrency: undefined, onItemError: 'fail' });
    expect(f).toMatchObject({ kind: 'value', value: { constant: null } });
    expect(g?.compensate).toEqual({
      executor: 'undo',
      input: undefined,
      retry: undefined,
      timeoutMs: undefined,
    });
  });

  it('has its limits', () => {
    const limits = [{ key: '${ input.id }', max: 2 }];
    expect(compileDefinition(documentOf({ a: { value: 1 } }, { limits })).limits).toMatchObject([
      { max: 2, key: { source: '${ input.id }' } },
    ]);
  });
});

describe('a stored body that is broken', () => {
  it.each<readonly [string, unknown, string]>([
    ['is nothing', null, 'definition undefined version undefined is broken'],
    ['has no nodes', { workflow: 'a', version: 1 }, 'definition a version 1 is broken'],
    ['has a node of no kind', documentOf({ x: {} }), 'node "x" does not say what it does'],
    ['needs what is not there', documentOf({ x: { value: 1, needs: ['y'] } }), 'there is no node "y"'],
    ['has a bad expression', documentOf({ x: { value: '${ 1 + }' } }), 'expression'],
    ['has a bad duration', documentOf({ x: { signal: 'a', timeout: 'x' } }), 'not a valid duration'],
  ])('%s', (_what, document, message) => {
    const refusal = refusalOf(document);
    expect(isMillraceError(refusal, 'INVALID_DEFINITION')).toBe(true);
    expect(String(refusal)).toContain(message);
  });

  it('does not hide a mistake of ours', () => {
    const document = documentOf({});
    Object.defineProperty(document, 'workflow', {
      get: () => {
        throw new RangeError('ours');
      },
    });
    expect(() => compileDefinition(document)).toThrow(RangeError);
  });
});
