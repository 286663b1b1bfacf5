import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newMeter } from '../meter.ts';
import { matches } from './pattern.ts';
import { readPattern } from './read-pattern.ts';

function isIn(pattern: string, text: string): boolean {
  return matches(readPattern(pattern), text, newMeter());
}

describe('a pattern', () => {
  it.each<[string, readonly string[], readonly string[]]>([
    ['', ['', 'a'], []],
    ['b', ['abc', 'b'], ['', 'a', 'B']],
    ['^ab$', ['ab'], ['xab', 'abx', 'ab\n']],
    ['^(?:ab|cd|)$', ['ab', 'cd', ''], ['abcd']],
    ['^(?P<x>a)(?<y>b)(c)$', ['abc'], ['ab']],
    ['^a*b+c?$', ['b', 'aabbc'], ['a', 'bcc']],
    ['^a*?b+?c??$', ['b', 'aabbc'], ['a', 'bcc']],
    ['^a{2}$', ['aa'], ['a', 'aaa']],
    ['^a{1,}$', ['a', 'aaa'], ['']],
    ['^a{1,2}$', ['a', 'aa'], ['', 'aaa']],
    ['^(a{2}){2}$', ['aaaa'], ['aa', 'aaa']],
    ['^a+*$', ['', 'aaa'], ['b']],
    ['^(){1000}(){0}x$', ['x'], ['']],
    ['^[a-c\\]x-]+$', ['ab]x-'], ['d', '']],
    ['^[^a\\d]$', ['b'], ['a', '1']],
    ['^.$', ['a', '😀'], ['\n', 'ab']],
    ['(?s)^.$', ['\n'], []],
    ['(?i)^a[b-d]\\.é$', ['AC.É', 'ab.é'], ['Ax.é', 'acxé']],
    ['(?is)^(K.)$', ['k\n'], ['kk\n']],
    ['^\\d\\D\\w\\W\\s\\S$', ['1aa- x'], ['aaaaaa']],
    ['^\\p{Lu}\\P{Lu}\\x41\\u0042\\t$', ['ÄxAB\t'], ['äxAB\t']],
    ['\\bcat\\b', ['a cat!', 'cat'], ['cats', 'concat']],
    ['\\Bcat\\B', ['xcatx'], ['cat', 'xcat']],
    ['\\Aa\\z', ['a'], ['ba', 'ab']],
    ['^a\\.b\\-\\/\\_\\\\$', ['a.b-/_\\'], ['axb-/_\\']],
    ['^}a]$', ['}a]'], []],
    ['^😀{2}$', ['😀😀'], ['😀']],
  ])('%s', (pattern, inside, outside) => {
    for (const text of inside) expect(isIn(pattern, text)).toBe(true);
    for (const text of outside) expect(isIn(pattern, text)).toBe(false);
  });

  it.each<[string, string]>([
    ['(a', 'wrong at character 3: a ( without )'],
    ['a)', 'wrong at character 2: a ) too many'],
    ['[a', 'wrong at character 1: a [ without ]'],
    ['[]', 'a [ without ]'],
    ['[b-a]', 'wrong at character 1: [b-a] is no class of characters'],
    ['[[:alpha:]]', 'write [a-zA-Z]'],
    ['\\p{Nope}', '\\p{Nope} is no class of characters'],
    ['*a', 'there is nothing before *'],
    ['a|+', 'there is nothing before +'],
    ['(?)', 'of groups that begin with (?'],
    ['?', 'there is nothing before ?'],
    ['{1}', 'there is nothing before {'],
    ['a{x}', 'there is nothing before {'],
    ['a{2,1}', 'a count that is not in order'],
    ['a{1001}', 'above 1000'],
    ['a{1,1001}', 'above 1000'],
    ['a{1001,}', 'above 1000'],
    ['(a)\\1', 'cannot refer to what it has matched'],
    ['(?=a)', 'of groups that begin with (?'],
    ['(?<!a)', 'of groups that begin with (?'],
    ['a\\', 'there is no \\'],
    ['\\y', 'there is no \\y'],
    ['((a{50}){50}){50}', 'more than 2000 steps'],
    ['(a{0,1000}){0,1000}', 'more than 2000 steps'],
    ['a'.repeat(1001), 'more than 1000 characters'],
  ])('%s is refused', (pattern, message) => {
    expect(() => readPattern(pattern)).toThrow(message);
  });

  it('finds what the expressions of JavaScript find', () => {
    const { pattern } = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
      atom: fc.oneof(
        fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '^', '$', '\\b', '\\w'),
        tie('pattern').map((inside) => `(${inside})`),
      ),
      pattern: fc
        .array(fc.tuple(tie('atom'), fc.constantFrom('', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '|')), {
          maxLength: 4,
        })
        .map((parts) =>
          parts
            .map(([atom, sign]) => (/^[\^$]|^\\b/.test(atom) && sign !== '|' ? atom : atom + sign))
            .join(''),
        ),
    }));
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 8 }),
        (source, text) => {
          expect(isIn(source, text)).toBe(new RegExp(source, 'u').test(text));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('that makes others take for ever is quick', () => {
    expect(isIn('^(a+)+(a|a)*$', `${'a'.repeat(5000)}!`)).toBe(false);
  });
});
