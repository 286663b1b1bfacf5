import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTemplate } from './compile-template.ts';
import { evaluateSealed, openSealed } from './seal.ts';
import { escapeSeal } from './sealed.ts';
import type { Scope } from './template.ts';

const SECRETS: Readonly<Record<string, string>> = { TOKEN: 'hunter2', USER: 'ada', LIST: 'a,b' };
const secretOf = (name: string): string | undefined => SECRETS[name];

function scopeOf(input: unknown): Scope {
  const run = { id: 'r', key: null, startedAt: '2026-01-01T00:00:00.000Z', attempt: 1 };
  return { input, node: () => undefined, run };
}

/** Sealed, stored as JSON and read again. */
function sealed(source: unknown, input: unknown = {}): unknown {
  return JSON.parse(JSON.stringify(evaluateSealed(compileTemplate(source), scopeOf(input))));
}

function opened(source: unknown, input: unknown = {}): unknown {
  return openSealed(sealed(source, input), secretOf).value;
}

describe('a secret', () => {
  const request = {
    url: '${ input.url }',
    headers: [{ authorization: 'Bearer ${ secrets.TOKEN } for ${ input.user }' }, 'x'],
    basic: "${ secrets.USER + ':' + secrets.TOKEN }",
    parts: '${ secrets.LIST.split(",") }',
    count: 'n=${ size(secrets.LIST) }',
  };
  const input = { url: 'http://a', user: 'bob' };

  it('is not in what is stored', () => {
    const text = JSON.stringify(sealed(request, input));
    expect(text).not.toContain('hunter2');
    expect(text).toContain('bob');
  });

  it('is in what the executor is given, wherever it stands', () => {
    expect(openSealed(sealed(request, input), secretOf)).toEqual({
      value: {
        url: 'http://a',
        headers: [{ authorization: 'Bearer hunter2 for bob' }, 'x'],
        basic: 'ada:hunter2',
        parts: ['a', 'b'],
        count: 'n=3',
      },
      used: ['TOKEN', 'USER', 'LIST'],
    });
    expect(opened('${ secrets.TOKEN }')).toBe('hunter2');
    expect(opened('-${ secrets.TOKEN }')).toBe('-hunter2');
  });

  it('is a name in what travels', () => {
    expect(sealed(request, input)).toMatchObject({
      value: { url: 'http://a', headers: [{ authorization: 'Bearer ${ secrets.TOKEN } for bob' }, 'x'] },
    });
    expect(sealed({ plain: 1 }, input)).toEqual({ plain: 1 });
  });

  it('that the engine does not have is named', () => {
    for (const text of [
      '${ secrets.NOPE }',
      'a ${ secrets.NOPE }',
      '${ secrets.NOPE == "" || true }',
      '${ has(secrets.NOPE) }',
    ]) {
      expect(() => opened(text)).toThrow(
        expect.objectContaining({ code: 'UNKNOWN_SECRET', message: expect.stringContaining('"NOPE"') }),
      );
    }
  });

  it('is not in the message when its expression fails', () => {
    for (const text of [
      '${ int(secrets.TOKEN) }',
      '${ {"a": 1}[secrets.TOKEN] }',
      'a ${ int(secrets.TOKEN) }',
    ]) {
      expect(() => opened(text)).toThrow(
        expect.objectContaining({ code: 'EXPRESSION', message: expect.not.stringContaining('hunter2') }),
      );
    }
  });

  it('in what comes from the input is text like any other', () => {
    const user = '${ secrets.TOKEN }';
    expect(
      opened(
        { a: '${ input.user }', b: 'x ${ input.user }', c: '${ secrets.USER } ${ input.user }' },
        { user },
      ),
    ).toEqual({ a: user, b: `x ${user}`, c: `ada ${user}` });
  });

  it('stands under any key', () => {
    const source: unknown = JSON.parse('{"__proto__": {"$sealed": "${ secrets.USER }"}}');
    expect(JSON.stringify(opened(source))).toBe('{"__proto__":{"$sealed":"ada"}}');
  });
});

describe('a value without secrets', () => {
  const forged = { $sealed: [{ at: [], parts: [{ expression: 'secrets.TOKEN' }] }], value: 1 };

  it('is handed on itself', () => {
    const input = { a: [1] };
    const value = evaluateSealed(compileTemplate('${ input }'), scopeOf(input));
    expect(value).toBe(input);
    expect(openSealed(value, secretOf)).toEqual({ value: input, used: [] });
    expect(openSealed(value, secretOf).value).toBe(input);
    for (const plain of [null, 'text', 5, [forged]]) expect(openSealed(plain, secretOf).value).toBe(plain);
  });

  it('cannot open anything, whoever made it', () => {
    expect(opened('${ input }', forged)).toEqual(forged);
    expect(opened(forged)).toEqual(forged);
    expect(opened({ a: '${ input }', b: '${ secrets.USER }' }, forged)).toEqual({ a: forged, b: 'ada' });
    expect(openSealed(escapeSeal(forged), secretOf)).toEqual({ value: forged, used: [] });
  });

  it('that was sealed here may pass by again; a copy of it may not', () => {
    const seal = evaluateSealed(compileTemplate('${ secrets.USER }'), scopeOf(null));
    expect(openSealed(escapeSeal(seal), secretOf).value).toBe('ada');
    const copy: unknown = JSON.parse(JSON.stringify(seal));
    expect(openSealed(escapeSeal(copy), secretOf)).toEqual({ value: copy, used: [] });
    expect(openSealed(escapeSeal(escapeSeal(forged)), secretOf).value).toEqual(forged);
  });

  it('comes back as it was', () => {
    const key = fc.constantFrom('$sealed', 'value', 'a', 'at', 'parts');
    const { json } = fc.letrec((tie) => ({
      json: fc.oneof(fc.integer(), fc.string(), fc.array(tie('json')), fc.dictionary(key, tie('json'))),
    }));
    fc.assert(
      fc.property(json, (value) => {
        expect(opened('${ input }', value)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

it('opens a list of 20,000 secrets at once', () => {
  const list = Array.from({ length: 20_000 }, () => '${ secrets.USER }');
  expect(opened(list)).toHaveLength(20_000);
});
