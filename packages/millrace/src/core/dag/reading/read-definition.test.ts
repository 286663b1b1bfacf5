import { describe, expect, it } from 'vitest';
import { badDefinitions } from '../../../../testbed/definitions/bad-definitions.ts';
import { isMillraceError } from '../../errors.ts';
import { problemLine, invalidDefinition, type Problem } from './problem.ts';
import { checkDocument, readDefinition, type ReadResult } from './read-definition.ts';

const GROUPS = ['format', 'values', 'expressions', 'graph', 'yaml'];

function problemsIn(read: ReadResult): readonly Problem[] {
  return 'problems' in read ? read.problems : [];
}

function lineOf({ line, column, path, code, message, value, remedy }: Problem): string {
  return `${line}:${column} ${path} ${code}: ${message} (${value}). ${remedy}`;
}

describe('every problem of a definition, with its place, the value seen and the remedy', () => {
  it.each(GROUPS.flatMap(badDefinitions))('$what', ({ text, problems }) => {
    expect(problemsIn(readDefinition(text, 'order.yaml')).map(lineOf)).toEqual(problems);
  });
});

/** The example of the reference, with every key of the format. */
const ORDER = `
workflow: order-fulfilment
version: 1
input: { type: object, required: [orderId] }
queue: default
priority: normal
timeout: 2h
limits: [ { key: "\${ 'customer:' + input.customerId }", max: 1 } ]
concurrency: 8
nodes:
  reserve:
    executor: http.request
    with: { method: POST, url: "\${ input.baseUrl + '/stock' }", auth: "\${ secrets.STOCK }" }
    retry: { maxAttempts: 5, initial: 1s, factor: 2, max: 60s, jitter: 0.2, nonRetryable: [HTTP_4XX] }
    timeout: 30s
    compensate: { executor: http.request, with: { id: "\${ nodes.reserve.output.id }" }, retry: 2, timeout: 5s }
  charge:
    needs: [reserve]
    executor: payments.charge
    requires: [pci]
    region: eu-west
    affinity: "\${ input.customerId }"
    onError: continue
  approved: { needs: [charge], signal: approved, timeout: 7d, when: "\${ nodes.charge.output.amount > 1000 }" }
  settle:   { needs: [approved], join: settled, sleep: 3d }
  rest:     { needs: [settle], sleep: "\${ input.days } days" }
  invoice:  { needs: [settle], workflow: invoice, with: { orderId: "\${ nodes.reserve.output }" } }
  notify:
    needs: [invoice]
    forEach: "\${ input.contacts }"
    concurrency: 10
    onItemError: skip
    executor: email.send
    retry: false
    with: { to: "\${ item.email }", position: "\${ index }" }
    compensate: { executor: email.send, with: "\${ item.email }" }
  summary:  { needs: [notify], value: "\${ nodes.notify.output.size() }" }
output: { receipt: "\${ nodes.charge.output.id }" }
`;

describe('a definition that is sound', () => {
  it('is read from YAML, and from JSON to the same', () => {
    const yaml = readDefinition(ORDER, 'order.yaml');
    expect(yaml).not.toHaveProperty('problems');
    if ('problems' in yaml) return;
    const json = readDefinition(JSON.stringify(yaml.document, null, '\t'), 'order.json');
    expect(json).toEqual(yaml);
    expect(checkDocument(yaml.document)).toEqual(yaml);
  });

  it('may use anchors, and may speak of all that it needs through others', () => {
    const text = `
workflow: a
version: "1.0"
nodes:
  a: { executor: noop, retry: &patient { maxAttempts: 9, initial: 1m } }
  b: { executor: noop, needs: [a], retry: *patient }
  c: { executor: noop, needs: [b], with: "\${ nodes.a.output }", retry: *patient }
`;
    const read = readDefinition(text, 'a.yaml');
    expect(problemsIn(read)).toEqual([]);
    expect(read).toMatchObject({ definition: { version: '1.0' } });
  });
});

describe('a text that is broken', () => {
  it('is shown where it ends, too', () => {
    expect(problemsIn(readDefinition('workflow: @', 'a.yaml'))).toMatchObject([
      { line: 1, column: 11, value: '"workflow: @"', remedy: 'Put the text in quotes.' },
    ]);
  });

  it('of JSON is shown as one of YAML is', () => {
    expect(problemsIn(readDefinition('{ "workflow": "a", "version": }}', 'a.json'))).toMatchObject([
      { line: 1, code: 'SYNTAX' },
    ]);
    const escaped = '{"workflow":"a","version":1,"nodes":{"a":{"value":"\\"x\\\\","when":3}}}';
    expect(problemsIn(readDefinition(escaped, 'a.json'))).toMatchObject([
      { column: 66, path: 'nodes.a.when' },
    ]);
  });
});

describe('a document that comes as an object', () => {
  const node = { executor: 'noop' };

  it('has problems without a place in a text', () => {
    expect(checkDocument({ workflow: 'a', version: 1, nodes: { a: { ...node, needs: ['b'] } } })).toEqual({
      problems: [
        {
          file: null,
          line: null,
          column: null,
          path: 'nodes.a.needs[0]',
          code: 'UNKNOWN_NODE',
          message: 'there is no node "b"',
          value: '"b"',
          remedy: 'Name a node of this definition.',
        },
      ],
    });
    expect(problemsIn(checkDocument(null, 'made.ts'))).toMatchObject([{ file: 'made.ts', line: null }]);
  });

  it('is taken as JSON writes it', () => {
    const made = { workflow: 'a', version: 1, queue: undefined, nodes: { a: { value: new Date(0) } } };
    expect(checkDocument(made)).toMatchObject({
      document: { workflow: 'a', version: 1, nodes: { a: { value: '1970-01-01T00:00:00.000Z' } } },
    });
  });

  it('is refused with each value that JSON cannot write', () => {
    const nodes = { a: { value: [1n, Number.NaN, undefined] }, b: { value: { run: () => 1 } } };
    expect(problemsIn(checkDocument({ workflow: 'a', version: 1, nodes })).map(problemLine)).toEqual([
      'nodes.a.value[0]: the value cannot be written as JSON',
      'nodes.a.value[1]: the value cannot be written as JSON',
      'nodes.a.value[2]: the value cannot be written as JSON',
      'nodes.b.value.run: the value cannot be written as JSON',
    ]);
  });

  it('is refused when it goes round in a circle, or writes itself as itself', () => {
    const circle: Record<string, unknown> = {};
    circle['again'] = circle;
    const own = { toJSON: (): unknown => own, x: 1 };
    const refused = problemsIn(checkDocument({ circle }));
    expect(refused.map(({ code }) => code)).toEqual(['TOO_LARGE']);
    const nodes = { a: { value: own } };
    expect(problemsIn(checkDocument({ workflow: 'a', version: 1, nodes })).map(({ path }) => path)).toEqual([
      'nodes.a.value.toJSON',
    ]);
  });
});

describe('the error for all problems', () => {
  const problem = (path: string): Problem => ({
    ...{ file: 'a.yaml', line: 1, column: 2, path, code: 'CYCLE', message: 'it is wrong', value: null },
    remedy: 'Mend it.',
  });

  it('names the first few, and carries all', () => {
    const problems = ['a', 'b', 'c', 'd', 'e'].map(problem);
    const error = invalidDefinition(problems);
    expect(isMillraceError(error, 'INVALID_DEFINITION')).toBe(true);
    expect(error.message).toBe(
      'the definition is refused: a.yaml:1:2 a: it is wrong; a.yaml:1:2 b: it is wrong; ' +
        'a.yaml:1:2 c: it is wrong; and 2 more. Correct what is listed; `millrace validate FILE` shows it again.',
    );
    expect(error.details['problems']).toBe(problems);
  });

  it('has the remedy of the only one', () => {
    expect(invalidDefinition([problem('')]).message).toBe(
      'the definition is refused: a.yaml:1:2: it is wrong. Mend it.',
    );
    expect(problemLine({ file: null, line: null, column: null, path: '', message: 'it is empty' })).toBe(
      'it is empty',
    );
  });
});
