import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMillraceError } from '../../errors.ts';
import type { MillraceError } from '../../errors.ts';
import { checkTemplate } from './check-template.ts';
import { compileTemplate } from './compile-template.ts';
import { evaluate } from './evaluate.ts';
import { ROOTS } from './template.ts';
import type { NodeScope, Scope } from './template.ts';

const NODES: Readonly<Record<string, NodeScope>> = {
  charge: { status: 'completed', output: { id: 'ch_1', amount: 1200, lines: [{ sku: 'a' }] }, error: null },
  'my-id': { status: 'completed', output: 5, error: null },
  skipped: { status: 'skipped', output: null, error: null },
  silent: { status: 'completed', output: undefined, error: null },
  broken: { status: 'failed', output: null, error: { code: 'HTTP_404', message: 'gone' } },
  many: { status: 'completed', output: [1, null], error: null, failures: [{ index: 1 }] },
};

const INPUT = {
  name: 'Ada',
  n: 7,
  half: 2.5,
  on: true,
  nothing: null,
  list: [3, 1, 2.5],
  people: [
    { name: 'Ada', age: 36 },
    { name: 'Bob', age: 9 },
  ],
  map: { b: 1, a: [2] },
  'my-key': 'k',
};

function scopeOf(input: unknown, each?: Scope['each']): Scope {
  return {
    input,
    node: (id) => NODES[id],
    run: { id: 'run_1', key: null, startedAt: '2026-01-02T03:04:05.000Z', attempt: 2 },
    each,
  };
}

const SCOPE = scopeOf(INPUT, { item: { email: 'a@x' }, index: 3 });

function valueOf(source: unknown, scope = SCOPE): unknown {
  return evaluate(compileTemplate(source), scope);
}

/** A refusal of ours; whatever else is thrown fails the test. */
function errorOf(source: unknown, scope = SCOPE): MillraceError {
  try {
    valueOf(source, scope);
  } catch (error) {
    if (isMillraceError(error, 'EXPRESSION')) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(source)} has a value`);
}

describe('what an expression gives', () => {
  it.each<[string, unknown]>([
    ['input.name', 'Ada'],
    ['input["my-key"]', 'k'],
    ['nodes.charge.output.id', 'ch_1'],
    ["nodes['my-id'].output + 1", 6],
    ['nodes.charge.output.lines[0].sku', 'a'],
    ['nodes.skipped.output', null],
    ['nodes.silent.output', null],
    ['nodes.skipped.status', 'skipped'],
    ['nodes.broken.error.code', 'HTTP_404'],
    ['nodes.charge.error', null],
    ['nodes.many.failures[0].index', 1],
    ['item.email + string(index)', 'a@x3'],
    ['run.id + string(run.attempt) + run.startedAt', 'run_122026-01-02T03:04:05.000Z'],
    ['run.key == null', true],
    ['[1, "a", null, {"k": [1.5]}]', [1, 'a', null, { k: [1.5] }]],
    ['input.on ? 1 : "no"', 1],
    ['!input.on ? 1 : "no"', 'no'],
    // has
    ['has(input.name)', true],
    ['has(input.nope)', false],
    ['has(input["my-key"])', true],
    ['has(input.list[9])', false],
    ['has(nodes.broken.error)', true],
    ['has(nodes.charge.error)', false],
    ['has(nodes.charge.failures)', false],
    ['has(run.key)', false],
    // numbers
    ['7 / 2', 3],
    ['-7 / 2', -3],
    ['7 % 4 - 2 * 5', -7],
    ['input.n / 2', 3],
    ['input.n / 2.0', 3.5],
    ['input.half * 2', 5],
    ['input.half * 2 / 2', 2.5],
    ['1 + 0.5 - 0.25', 1.25],
    ['-input.n', -7],
    ['-input.half', -2.5],
    ['-9223372036854775808 < 0', true],
    ['1 == 1.0 && 1 != 1.5', true],
    ['1 < 1.5 && 2 > 1.5 && 2 >= 2.0 && 2.0 <= 2', true],
    ['(0.0 / 0.0) < 1.0 || (0.0 / 0.0) >= 1', false],
    ['int("12") + int(2.9) + int(1)', 15],
    ['int("-3") + int("+4")', 1],
    ['double("2.5") + double(1) + double(0.5)', 4],
    ['double(input.n) / 2', 3.5],
    ['[double(4)].map(x, x / 8)', [0.5]],
    // text
    ['"a" < "b" && "b" > "a" && "a" <= "a"', true],
    ['false < true', true],
    ['string(1) + string(2.5) + string(true) + string("x")', '12.5truex'],
    ['bool("true") && !bool("false") && bool(true)', true],
    ['size("a😀") + "ab".size()', 4],
    ['"hello".contains("ell") && "hello".startsWith("he") && "hello".endsWith("lo")', true],
    ['"hello".contains("x") || "hello".startsWith("x") || "hello".endsWith("x")', false],
    ['"aBÄ".lowerAscii() + "aBä".upperAscii() + " x ".trim()', 'abÄABäx'],
    ['"a,b,c".split(",")', ['a', 'b', 'c']],
    ['"a,b".split(",").join("-") + ["x", "y"].join()', 'a-bxy'],
    ['"order-17".matches("^order-[0-9]+$")', true],
    ['matches(input.name, "^B")', false],
    ['input.name.matches("^" + "A")', true],
    // lists and maps
    ['size(input.list) + input.map.size() + {"a": 1}.size()', 6],
    ['input.list + [9]', [3, 1, 2.5, 9]],
    ['2.5 in input.list && 3.0 in input.list && !(4 in input.list)', true],
    ['"a" in input.map && !("z" in input.map) && !(1 in input.map)', true],
    ['{"a": 1}["a"] + {"a": {"b": 2}}.a.b', 3],
    ['[1, 2][1]', 2],
    ['input.map == {"a": [2.0], "b": 1}', true],
    ['input.map == {"a": [2], "c": 1} || input.map == {"a": [2]}', false],
    ['input.map == {"a": [3], "b": 1} || [1] == [1, 2] || [1] == {"a": 1} || {"a": 1} == [1]', false],
    ['[1, [2]] == [1, [2]] && [1] != [2] && input.list == input.list', true],
    ['null == null && null != 0 && 0 != null && "1" != 1 && true != 1 && [] != null', true],
    ['"ab" != "cd" && "ab" != "abc" && "ab" == "ab"', true],
    // macros
    ['input.list.all(x, x > 0) && !input.list.all(x, x > 1)', true],
    ['input.list.exists(x, x == 1) && !input.list.exists(x, x == 9)', true],
    ['input.list.exists_one(x, x > 2.9) && !input.list.exists_one(x, x > 0)', true],
    ['input.list.map(x, x * 2)', [6, 2, 5]],
    ['input.list.map(x, x > 1, x * 2)', [6, 5]],
    ['input.people.filter(p, p.age > 10).map(p, p.name)', ['Ada']],
    ['input.people.filter(p, p.age > 10)', [{ name: 'Ada', age: 36 }]],
    ['input.map.map(key, key)', ['b', 'a']],
    [
      '[1, 2].map(x, [10, 20].map(y, x + y))',
      [
        [11, 21],
        [12, 22],
      ],
    ],
    ['[1].map(input, input + 1)', [2]],
    ['[1].map(run, run + 1) + [2].map(nodes, nodes)', [2, 2]],
    // one side decides even when the other is at fault
    ['input.nope || true', true],
    ['input.nope == 1 && false', false],
    ['false && input.nope', false],
    ['input.people.exists(p, p.nope == 1 || p.age == 9)', true],
    ['!input.people.all(p, p.age == 36 ? p.nope == 1 : false)', true],
  ])('%s', (text, value) => {
    expect(valueOf(`\${ ${text} }`)).toStrictEqual(value);
  });

  it('an undefined input is null', () => {
    expect(valueOf('${ input }', scopeOf(undefined))).toBe(null);
  });

  it('the input itself is handed on, however large', () => {
    expect(valueOf('${ input }')).toBe(INPUT);
    expect(valueOf('${ input.people[1] }')).toBe(INPUT.people[1]);
  });

  it('any JSON value comes back unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (v) => {
        expect(valueOf('${ input.v }', scopeOf({ v }))).toBe(v);
        expect(valueOf({ a: ['${ input.v }'] }, scopeOf({ v }))).toStrictEqual({ a: [v] });
        expect(valueOf('${ [{"k": input.v}] }', scopeOf({ v }))).toStrictEqual([{ k: v }]);
      }),
    );
  });

  it('numbers count as JavaScript does, as long as they fit', () => {
    const int = fc.integer({ min: -1e6, max: 1e6 });
    fc.assert(
      fc.property(int, int, fc.double({ noNaN: true, min: 0.1, max: 9, noInteger: true }), (a, b, c) => {
        const scope = scopeOf({ a, b, c });
        expect(valueOf('${ [input.a + input.b, input.a - input.b, input.a * input.b] }', scope)).toEqual([
          a + b,
          a - b,
          a * b + 0, // an int has no negative zero
        ]);
        expect(valueOf('${ [input.a * input.c, input.c + input.b] }', scope)).toEqual([a * c, c + b]);
        expect(valueOf('${ input.a < input.b }', scope)).toBe(a < b);
      }),
    );
  });
});

describe('what a text gives', () => {
  it.each<[unknown, unknown]>([
    ['plain', 'plain'],
    ['', ''],
    [' ${ input.n }', ' 7'],
    ['${ input.name } is ${ input.n + 1 }.', 'Ada is 8.'],
    ['${ input.list }${ input.nothing }${ input.on }', '[3,1,2.5]nulltrue'],
    ['got ${ {"a": [input.half]} }', 'got {"a":[2.5]}'],
    ['$${ input.n }', '${ input.n }'],
    ['$$${ input.n } $ $x {} }', '$${ input.n } $ $x {} }'],
    ['$${a} ${ input.n } $${b}', '${a} 7 ${b}'],
    ['${ "}" + \'{\' + """"}""" }', '}{"}'],
    ['${ {"a": {"b": 1}}.a.b }', 1],
    ['${ "\\"}" }', '"}'],
    ['${ input.n // a } comment\n }', 7],
    ['${ input.n / 7 }', 1],
    ['a ${input.n}', 'a 7'],
  ])('%j', (text, value) => {
    expect(valueOf(text)).toStrictEqual(value);
  });

  it('a raw string ends where the parser ends it', () => {
    expect(valueOf("${ r'a\\b' }")).toBe('a\\b');
  });

  it('whatever stands in place of an expression: text as it is, anything else as JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (v, around) => {
        const literal = around.replaceAll('$', '');
        const text = typeof v === 'string' ? v : JSON.stringify(v);
        expect(valueOf(`${literal}:\${ input.v }`, scopeOf({ v }))).toBe(`${literal}:${text}`);
      }),
    );
  });

  it('an escaped text comes out as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'a', '"') }), (text) => {
        fc.pre(!/\$\$\{/.test(text));
        expect(valueOf(text.replaceAll('${', () => '$${'))).toBe(text);
      }),
    );
  });
});

describe('lists and objects of texts', () => {
  it('are filled at any depth, and the rest stays', () => {
    const source = { a: ['${ input.n }', 'x', { b: 'n=${ input.n }' }], c: [1, null, true], d: { e: '$${' } };
    expect(valueOf(source)).toStrictEqual({ a: [7, 'x', { b: 'n=7' }], c: [1, null, true], d: { e: '${' } });
  });

  it('know what they speak of', () => {
    const template = compileTemplate({
      a: '${ nodes.b.output + nodes.a.status }',
      b: ['${ nodes.a.error }', '${ run.id }'],
    });
    expect(template).toMatchObject({
      isConstant: false,
      nodes: ['b', 'a'],
      roots: new Set(['nodes', 'run']),
    });
    expect(compileTemplate({ a: ['$${'] })).toMatchObject({
      isConstant: true,
      constant: { a: ['${'] },
      nodes: [],
      roots: new Set(),
    });
  });

  it('give a constant without an expression', () => {
    expect(valueOf({ a: [1, 'x'] })).toStrictEqual({ a: [1, 'x'] });
    expect(valueOf(5)).toBe(5);
    expect(valueOf(null)).toBe(null);
  });

  it('are refused when they are nested too deeply', () => {
    expect(errorOf(nest(300, '${ input.n }')).message).toContain('nested deeper than 200 levels');
  });
});

describe('what fails', () => {
  it.each<[string, string]>([
    ['input.nope', 'there is no input.nope. There are: name, n, half'],
    ['input.nmae', 'there is no input.nmae. Did you mean "name"?'],
    ['input.nope.deeper', 'there is no input.nope'],
    ['input.list[3]', 'there is no input.list[3]. The list has 3 items.'],
    ['input.list[-1]', 'there is no input.list[-1]'],
    ['{}.a', 'there is no {}.a. There is no field at all.'],
    ['input.nothing.a', 'input.nothing is null, which has no fields'],
    ['input.name[0]', 'input.name is a string, which has no index'],
    ['input.list.name', 'input.list is a list, which has no fields'],
    ['input.map[1]', 'input.map is a map, which has no index'],
    ['nodes.later.output', 'node "later" has not ended'],
    ['has(nodes.later.output)', 'node "later" has not ended'],
    ['nodes.charge.failures', 'there is no nodes.charge.failures'],
    ['1 / 0', 'an int is divided by zero'],
    ['1 % 0', 'an int is divided by zero'],
    ['1 % 1.5', '% does not go with an int and a double'],
    ['1.5 % 1', '% does not go with a double and an int'],
    ['1.0 / 0.0', 'the double Infinity is no JSON'],
    ['9007199254740992', 'the int 9007199254740992 is outside the range'],
    ['-9007199254740992', 'the int -9007199254740992 is outside the range'],
    ['9223372036854775807 + 1', 'the int 9223372036854775808 does not fit 64 bits'],
    ['-9223372036854775807 - 2', 'does not fit 64 bits'],
    ['9223372036854775807 * 2', 'does not fit 64 bits'],
    ['"a" + 1', '+ does not go with a string and an int; string() makes text of a number'],
    ['1 + "a"', '; string() makes text of a number'],
    ['"a" + null', '+ does not go with a string and null'],
    ['[1] + 1', '+ does not go with a list and an int'],
    ['true - {"a": 1}', '- does not go with a bool and a map'],
    ['1 - "a"', '- does not go with an int and a string'],
    ['1 < "a"', '< does not go with an int and a string'],
    ['true < 1', '< does not go with a bool and an int'],
    ['"a" >= 1', '>= does not go with a string and an int'],
    ['1 in "a"', 'in does not go with an int and a string'],
    ['-"a"', '- needs a number, got a string'],
    ['!1', '! needs a bool, got an int'],
    ['1 ? 2 : 3', '?: needs a bool, got an int'],
    ['1 || false', '|| needs a bool, got an int'],
    ['true && "a"', '&& needs a bool, got a string'],
    ['input.nope || false', 'there is no input.nope'],
    ['input.list.map(x, x > 1, input.nope)', 'there is no input.nope'],
    ['input.list.all(x, x.a)', 'x is an int, which has no fields'],
    ['input.list.all(x, x)', 'all() needs a bool, got an int'],
    ['input.list.filter(x, x)', 'filter() needs a bool, got an int'],
    ['input.list.exists_one(x, x)', 'exists_one() needs a bool, got an int'],
    ['input.n.map(x, x)', 'map() needs a list or a map, got an int'],
    ['input.n.size()', 'size() needs a string, a list or a map, got an int'],
    ['string(null)', 'string() cannot convert null'],
    ['string([])', 'string() cannot convert a list'],
    ['int("1x")', 'int() cannot convert "1x"'],
    ['int("99999999999999999999")', 'does not fit 64 bits'],
    ['int(1.0 / 0.0)', 'int() cannot convert Infinity'],
    ['int(true)', 'int() cannot convert a bool'],
    ['double("")', 'double() cannot convert ""'],
    ['double([])', 'double() cannot convert a list'],
    ['bool("yes")', 'bool() cannot convert "yes"'],
    ['input.n.contains("7")', 'contains() needs a string, got an int'],
    ['"a".contains(7)', 'contains() needs a string, got an int'],
    ['input.n.join()', 'join() needs a list of strings, got an int'],
    ['[1].join()', 'join() needs a string, got an int'],
    ['"a".matches("(" + "")', 'the pattern is wrong at character 2: a ( without )'],
    ['{1: 2}', 'the key of a map must be a string, got an int'],
    ['{"a": 1, "a": 2}', 'the map has the key "a" twice'],
  ])('%s', (text, reason) => {
    const error = errorOf(`\${ ${text} }`);
    expect(error.message).toContain(`expression \${ ${text} }: `);
    expect(error.message).toContain(reason);
    expect(error.details).toMatchObject({ expression: `\${ ${text} }` });
  });

  it('an item outside a forEach', () => {
    expect(errorOf('${ item }', scopeOf({})).message).toContain('only in a node with forEach');
    expect(errorOf('${ index }', scopeOf({})).message).toContain('only in a node with forEach');
  });

  it('what is missing or no JSON in a list or a map', () => {
    const input = { gap: [1, undefined], field: undefined, date: new Date(0), big: 1n, more: [1, undefined] };
    const scope = scopeOf(input);
    for (const text of [
      'input.gap[1]',
      'input.field',
      'input.gap.map(x, 1)',
      'input.gap + []',
      'input.date',
      'input.big',
    ]) {
      errorOf(`\${ ${text} }`, scope);
    }
    expect(
      valueOf('${ [input.gap == [1, 2], input.gap == input.more, 1 in input.gap, 2 in input.gap] }', scope),
    ).toEqual([false, false, true, false]);
    expect(errorOf('all: ${ input }', scopeOf({ a: 1n })).message).toContain('its value is not JSON');
    expect(valueOf('${ {"a": 1} == input.m || input.m == {"a": 1} }', scopeOf({ m: { a: undefined } }))).toBe(
      false,
    );
  });

  it('a secret outside of what an executor is given', () => {
    expect(errorOf('${ secrets.TOKEN }').message).toContain('given to executors only');
    expect(errorOf('a ${ secrets.TOKEN }').message).toContain('given to executors only');
  });

  it('a template that nobody checked', () => {
    expect(errorOf({ a: '${ 1 + }' }).message).toContain('expression ${ 1 + }: unexpected token: EOF');
    expect(errorOf('${ input.n').message).toContain('has no end');
    expect(errorOf('${ secrets.A + input.n }').message).toContain('speaks of secrets and of something else');
  });

  it('is shown in part when it is long', () => {
    const { message } = errorOf(`\${ ${'input.n + '.repeat(50)}input.nope }`);
    expect(message).toContain('…: there is no input.nope');
  });
});

describe('keys that mean something to JavaScript', () => {
  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length', 'toJSON'])(
    '%s',
    (key) => {
      const input: unknown = JSON.parse(`{"a": {"${key}": {"x": 1}}, "none": {}, "list": [], "text": "t"}`);
      const scope = scopeOf(input);
      const at = `["${key}"]`;
      expect(valueOf(`\${ input.a${at}.x }`, scope)).toBe(1);
      expect(
        valueOf(`\${ has(input.a${at}) && !has(input.none${at}) && !("${key}" in input.none) }`, scope),
      ).toBe(true);
      expect(valueOf('${ input.a.map(k, k) }', scope)).toEqual([key]);
      expect(valueOf('${ input.a == input.none }', scope)).toBe(false);
      expect(JSON.stringify(valueOf(`\${ {"${key}": 1} }`, scope))).toBe(`{"${key}":1}`);
      const source: unknown = JSON.parse(`{"${key}": "\${ 1 }"}`);
      expect(JSON.stringify(valueOf(source, scope))).toBe(`{"${key}":1}`);
      for (const of of ['none', 'list', 'text']) errorOf(`\${ input.${of}${at} }`, scope);
      errorOf(`\${ {}${at} }`, scope);
      expect(checkTemplate(`\${ nodes["${key}"].output }`, new Set(ROOTS))).toEqual([]);
      expect(checkTemplate(`\${ ${key} }`, new Set(ROOTS))).not.toEqual([]);
      expect(checkTemplate(`\${ ${key}() + input.${key}() }`, new Set(ROOTS))).not.toEqual([]);
    },
  );
});

describe('the cost of an expression', () => {
  const big = Array.from({ length: 3000 }, (_, index) => index);
  const keys = big.map((index) => [`k${index}`, index % 2999] as const);
  const twins = { a: [{ v: 'x'.repeat(50_000) }], b: [{ v: 'x'.repeat(50_000) }], l: big };
  const text = 'a'.repeat(100_000);

  it.each<[string, unknown]>([
    ['input.l.all(a, input.l.all(b, input.l.all(c, a + b + c >= 0)))', { l: big }],
    ['input.l.map(a, input.l.map(b, a))', { l: big }],
    ['input.l.map(a, input.l)', { l: big }],
    ['input.l.all(a, input.a == input.b)', twins],
    ['input.l.exists(a, input.nope || a < 0)', { l: Array.from({ length: 50_000 }, () => 1) }],
    ['input.l.all(a, input.t.contains("b") || input.t.startsWith("a"))', { l: big, t: text }],
    ['input.l.map(a, input.t + input.t)', { l: big, t: text }],
    ['input.t.matches("(a*)*(a|aa)+b")', { t: text.repeat(2) }],
    ['input.l.all(a, !input.t.matches("(" + "x|y){100}"))', { l: big, t: 'z' }],
    ['input.l.all(a, !(-1 in input.l))', { l: big }],
    ['input.l.all(a, input.l + input.l != [])', { l: big }],
    [
      'input.l.all(a, input.m == input.n)',
      { l: big, m: Object.fromEntries(keys), n: Object.fromEntries(keys.toReversed()) },
    ],
    ['input.l.all(a, size(input.t) > 0 && input.t.split("a").join("b") != "")', { l: big, t: text }],
    ['[[1]]' + '.map(a, [a, a])'.repeat(60), {}],
    ['[[]]' + '.map(a, [a, a])'.repeat(60), {}],
    ['[{"long-key": {}}]' + '.map(a, [a, a])'.repeat(60), {}],
    ['["a"]' + '.map(a, a + a)'.repeat(60), {}],
    ['[["a"]]' + '.map(a, a + a)'.repeat(60) + '.size()', {}],
  ])('%s ends soon', (expression, input) => {
    const error = errorOf(`\${ ${expression} }`, scopeOf(input));
    expect(error.message).toContain('its cost is above');
  });

  it('is the same wherever and however often it is computed', () => {
    const template = compileTemplate('${ input.l.filter(x, x.matches("^" + "a")).size() }');
    const scope = scopeOf({ l: Array.from({ length: 3000 }, () => 'abc') });
    expect([evaluate(template, scope), evaluate(template, scope)]).toEqual([3000, 3000]);
  });

  it('counts the same large part for each place that it stands in', () => {
    const scope = scopeOf('x'.repeat(1_000_000));
    const parts = Array.from({ length: 10 }, () => '${ input }');
    expect(errorOf(parts, scope).message).toContain('its cost is above');
    expect(errorOf(parts.join(','), scope).message).toContain('its cost is above');
    expect(valueOf(parts.slice(0, 3), scope)).toHaveLength(3);
  });

  it('leaves room for what people do with a list of 50,000 records', () => {
    const l = Array.from({ length: 50_000 }, (_, id) => ({ id, tags: ['a'] }));
    expect(valueOf('${ input.l.filter(x, x.id % 2 == 0 && "a" in x.tags).size() }', scopeOf({ l }))).toBe(
      25_000,
    );
  });
});

describe('depth', () => {
  it('of data does not matter to what only hands it on', () => {
    const v = nest(100_000, 1);
    expect(valueOf('${ input.v }', scopeOf({ v }))).toBe(v);
    expect(valueOf('${ input.v[0][0][0] }', scopeOf({ v }))).toBe((v as unknown[][][][])[0]?.[0]?.[0]);
  });

  it('of data is a plain error where all of it is looked at', () => {
    const scope = scopeOf({ a: nest(100_000, 1), b: nest(100_000, 1) });
    expect(errorOf('${ input.a == input.b }', scope).message).toContain('nested deeper than 1000 levels');
    expect(errorOf('a ${ input.a }', scope).message).toContain('nested too deeply');
  });

  it.each([
    ['parentheses', '('.repeat(1000) + '1' + ')'.repeat(1000)],
    ['signs', '-'.repeat(15_000) + '1'],
    ['negations', '!'.repeat(3000) + 'true'],
    ['a long sum', '1' + '+1'.repeat(1500)],
    ['fields', 'input' + '.a'.repeat(1500)],
  ])('of %s is bounded', (_, expression) => {
    expect(errorOf(`\${ ${expression} }`).message).toMatch(/nested deeper than|xceeded max/);
  });

  it('leaves room for a sum of 200 terms', () => {
    expect(valueOf(`\${ 1${' + 1'.repeat(199)} }`)).toBe(200);
  });
});

function nest(levels: number, value: unknown): unknown {
  let out = value;
  for (let level = 0; level < levels; level++) out = [out];
  return out;
}

it('keeps the expressions that were used last, and is right about all others too', () => {
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 2100; n++) expect(valueOf(`\${ input.n + ${n} }`)).toBe(7 + n);
  }
});
