import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMillraceError } from '../../errors.ts';
import { checkTemplate } from './check-template.ts';
import { compileTemplate } from './compile-template.ts';
import { ROOTS } from './template.ts';
import type { Root } from './template.ts';

const ALL: ReadonlySet<Root> = new Set(ROOTS);

describe('a template without a problem', () => {
  it.each([
    '${ input.a }',
    "${ nodes['my-id'].output.x + nodes.b.status + string(nodes.c.error) }",
    '${ input.l.all(x, x > 0 && input.l.exists(y, y == x)) }',
    '${ item.map(run, run.anything + size(run)) }',
    '${ secrets.TOKEN } ${ secrets["OTHER"] } ${ input.user }',
    'no expression, $${ not.one }',
    { deep: [{ text: '${ index }' }], number: 1 },
  ])('%j', (source) => {
    expect(checkTemplate(source, ALL)).toEqual([]);
  });
});

describe('what is wrong with an expression', () => {
  it.each<[string, string, string, string]>([
    ['', 'EXPRESSION_SYNTAX', 'it is empty, at character 4', 'Write an expression'],
    ['1 +', 'EXPRESSION_SYNTAX', 'unexpected token: EOF, at character 7', 'CEL'],
    ['input.a = 1', 'EXPRESSION_SYNTAX', 'unexpected character: =, at character 12', 'CEL'],
    ['"a', 'UNTERMINATED_EXPRESSION', 'the ${ at character 1 has no end', 'and its strings with a quote'],
    ['a'.repeat(20_000), 'EXPRESSION_SYNTAX', 'it has 20000 characters', 'At most 16384'],
    ['9223372036854775808', 'EXPRESSION_SYNTAX', 'does not fit 64 bits', 'decimal point'],
    ['-9223372036854775809', 'EXPRESSION_SYNTAX', 'does not fit 64 bits', 'decimal point'],
    ['1u + 1', 'EXPRESSION_SYNTAX', 'no bytes and no unsigned ints, at character 4', 'a string or an int'],
    ['b"x"', 'EXPRESSION_SYNTAX', 'no bytes', 'a string or an int'],
    ['imput.a', 'UNKNOWN_NAME', 'there is no "imput", at character 4', 'Did you mean "input"?'],
    ['1 + foo', 'UNKNOWN_NAME', 'there is no "foo", at character 8', 'There are: input, nodes'],
    ['input.l.all(x, y > 0)', 'UNKNOWN_NAME', 'there is no "y"', 'There are: '],
    ['[1].all(x, true) && x', 'UNKNOWN_NAME', 'there is no "x", at character 24', 'There are: '],
    ['nodes', 'INCOMPLETE_NAME', 'nodes is no value by itself', 'nodes.ID.output'],
    ['nodes.a', 'INCOMPLETE_NAME', 'nodes.a is no value by itself', 'nodes.ID.output'],
    ['nodes.my-index.output', 'INCOMPLETE_NAME', 'nodes.my is no value by itself', "nodes['my-id'].output"],
    ['nodes[input.x].output', 'INCOMPLETE_NAME', 'nodes[…] is no value by itself', 'nodes.ID.output'],
    ['nodes.a.outputs', 'UNKNOWN_FIELD', 'nodes.a has no field "outputs"', 'Did you mean "output"?'],
    ['nodes.a.xyz', 'UNKNOWN_FIELD', 'nodes.a has no field "xyz"', 'output, status, error, failures'],
    ['nodes.a[input.x]', 'UNKNOWN_FIELD', 'the field of nodes.a must be written out', 'output, status'],
    ['run', 'INCOMPLETE_NAME', 'run is no value by itself', 'run.id, run.key, run.startedAt, run.attempt'],
    ['run.started', 'UNKNOWN_FIELD', 'run has no field "started"', 'Did you mean'],
    ['run["now"]', 'UNKNOWN_FIELD', 'run has no field "now"', 'id, key, startedAt, attempt'],
    ['secrets', 'INCOMPLETE_NAME', 'secrets is no value by itself', 'secrets.NAME'],
    ['secrets[1]', 'INCOMPLETE_NAME', 'secrets[…] is no value by itself', 'written out'],
    [
      'secrets.A + input.a',
      'SECRETS_MIXED',
      'secrets and of something else, at character 4',
      'Interpolate both',
    ],
    ['now()', 'UNKNOWN_FUNCTION', 'there is no function "now", at character 4', 'There are: size, '],
    ['sise(input)', 'UNKNOWN_FUNCTION', 'there is no function "sise"', 'Did you mean "size"?'],
    ['input.l.fliter(x, x)', 'UNKNOWN_FUNCTION', 'there is no function "fliter"', 'Did you mean "filter"?'],
    ['input.at.getHours()', 'UNKNOWN_FUNCTION', 'there is no function "getHours"', 'There are: '],
    ['input.n.string()', 'UNKNOWN_FUNCTION', 'string() is called in another way', 'Write string(value).'],
    [
      'contains("a", "b")',
      'UNKNOWN_FUNCTION',
      'contains() is called in another way',
      'Write value.contains(…).',
    ],
    ['cel.bind(x, 1, x)', 'UNKNOWN_FUNCTION', 'there is no function "bind"', 'There are: '],
    ['size()', 'EXPRESSION_SYNTAX', 'size() has the wrong number of arguments', 'Give it 1.'],
    ['"a".contains()', 'EXPRESSION_SYNTAX', 'contains() has the wrong number', 'Give it 1.'],
    ['[].join("a", "b")', 'EXPRESSION_SYNTAX', 'join() has the wrong number', 'Give it 0 to 1.'],
    ['has()', 'EXPRESSION_SYNTAX', 'has() needs one field, at character 4', 'has(input.field)'],
    ['has(input)', 'EXPRESSION_SYNTAX', 'has() needs one field', 'has(input.field)'],
    ['has(input.a, 1)', 'EXPRESSION_SYNTAX', 'has() needs one field', 'has(input.field)'],
    ['[1].all(x)', 'EXPRESSION_SYNTAX', 'all() needs a variable', 'list.all(x, …)'],
    ['[1].all()', 'EXPRESSION_SYNTAX', 'all() needs a variable', 'list.all(x, …)'],
    ['[1].all(x, x, x)', 'EXPRESSION_SYNTAX', 'all() needs a variable', 'list.all(x, …)'],
    ['[1].map(x, x, x, x)', 'EXPRESSION_SYNTAX', 'map() needs a variable', 'list.map(x, …)'],
    ['[1].map(1, 2)', 'EXPRESSION_SYNTAX', 'invalid predicate iteration variable', 'CEL'],
    ['"a".matches("[a")', 'PATTERN', 'the pattern is wrong at character 1: a [ without ]', 'RE2'],
  ])('%s', (text, code, message, remedy) => {
    const [problem] = checkTemplate({ a: ['x', `\${ ${text} }`] }, ALL);
    expect(problem).toMatchObject({ path: ['a', 1], code });
    expect(problem?.message).toContain(message);
    expect(problem?.remedy).toContain(remedy);
    expect(problem?.value).toContain(text.trim());
  });

  it('all of it is said, each with its place', () => {
    expect(
      checkTemplate({ a: '${ foo } ${ bar + baz }', b: { c: ['${ input.x', '${ now() }'] } }, ALL).map(
        ({ path, message }) => [path.join('.'), message],
      ),
    ).toEqual([
      ['a', 'there is no "foo", at character 4'],
      ['a', 'there is no "bar", at character 4'],
      ['a', 'there is no "baz", at character 10'],
      ['b.c.0', 'the ${ at character 1 has no end'],
      ['b.c.1', 'there is no function "now", at character 4'],
    ]);
  });

  it.each([
    ['a ${ input.b', 3],
    ['$${ ${ "}', 5],
    ["${ '''}' }", 1],
    ['${ input // }', 1],
    ['${ {"a": 1 }', 1],
    ["${ r'\\' }", 1],
  ])('%j has no end', (text, at) => {
    expect(checkTemplate(text, ALL)).toMatchObject([
      {
        path: [],
        code: 'UNTERMINATED_EXPRESSION',
        value: text,
        message: `the \${ at character ${at} has no end`,
      },
    ]);
  });

  it('a document that is nested too deeply', () => {
    let source: unknown = '${ input }';
    for (let level = 0; level < 201; level++) source = { a: source };
    expect(checkTemplate(source, ALL)).toMatchObject([{ code: 'NESTED_TOO_DEEPLY' }]);
  });
});

describe('what may not stand at a place', () => {
  it.each<[string, readonly Root[], string, string]>([
    ['item.x', ['input', 'nodes'], 'item may not stand here, at character 4', 'only in a node with forEach'],
    ['1 + index', ['input'], 'index may not stand here, at character 8', 'only in a node with forEach'],
    ['secrets.A', ['input'], 'secrets may not stand here', 'to executors only'],
    ['nodes.a.output', ['input', 'run'], 'nodes may not stand here', 'Allowed here: input, run.'],
    ['input.a', [], 'input may not stand here', 'Write a constant.'],
  ])('%s where %j may', (text, allowed, message, remedy) => {
    const [problem, ...others] = checkTemplate(`\${ ${text} }`, new Set(allowed));
    expect(others).toEqual([]);
    expect(problem?.code).toBe('NAME_NOT_ALLOWED');
    expect(problem?.message).toContain(message);
    expect(problem?.remedy).toContain(remedy);
  });
});

it('what is accepted can be compiled, and what is refused cannot', () => {
  const word = fc.constantFrom(
    ...[
      'input',
      'nodes',
      'run',
      'item',
      'secrets',
      'foo',
      '.a',
      '.output',
      '.id',
      '[0]',
      '(',
      ')',
      '+',
      '-',
      '"x"',
      '1',
    ],
    ...[
      ' ',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '?',
      '!',
      '==',
      '&&',
      '.map(x,',
      '.size()',
      'has(',
      "'",
      '//',
      '\n',
      '$',
      '${',
    ],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), fc.boolean(), (words, isWhole) => {
      const source = isWhole ? `\${ ${words.join('')} }` : words.join('');
      const isAccepted = checkTemplate([source], ALL).length === 0;
      let isCompiled = true;
      try {
        compileTemplate([source]);
      } catch (error) {
        if (!isMillraceError(error, 'EXPRESSION')) throw error;
        isCompiled = false;
      }
      expect(isCompiled).toBe(isAccepted);
    }),
    { numRuns: 3000 },
  );
});
