import { expect, it } from 'vitest';
import { maskUrl } from './mask-url.ts';
import { isSecretName } from './secrets.ts';
import {
  count,
  hostName,
  hosts,
  keySetUrl,
  list,
  milliseconds,
  namespaces,
  networks,
  oneOf,
  profileName,
  share,
  shortText,
  smtpUrl,
  storeUrl,
  yesOrNo,
} from './readers.ts';

it.each([
  ['shortText', () => shortText('n'.repeat(257)), 'at most 256'],
  ['list', () => list('a, ,b'), 'separated by single commas'],
  ['storeUrl', () => storeUrl('./x.db'), 'file:PATH'],
  ['storeUrl of a file', () => storeUrl('file:'), 'file:PATH'],
  ['hosts without a port', () => hosts('localhost'), 'host and port'],
  ['hosts with a path', () => hosts('a:80/b'), 'host and port'],
  ['hosts with a user', () => hosts('a@b:80'), 'host and port'],
  ['hosts that are none', () => hosts('a b:80'), 'host and port'],
  ['hostName with a port', () => hostName('localhost:80'), 'without a port'],
  ['hostName of a URL', () => hostName('http://a'), 'without a port'],
  ['profileName', () => profileName('a b'), 'such as production'],
  ['a name as a network', () => networks('localhost'), 'neither an address'],
  ['a network out of range', () => networks('10.0.0.256'), 'neither an address'],
  ['a network of too few parts', () => networks('10.0.0/8'), 'neither an address'],
  ['a prefix that is too long', () => networks('10.0.0.0/33'), 'neither an address'],
  ['a prefix that is none', () => networks('10.0.0.0/x'), 'neither an address'],
  ['two prefixes', () => networks('10.0.0.0/8/8'), 'neither an address'],
  ['half an address', () => networks('fd00:::1'), 'neither an address'],
  ['namespaces twice', () => namespaces('a,b,a'), 'has a twice'],
  ['namespaces too long', () => namespaces('n'.repeat(129)), 'at most 128'],
  ['smtpUrl of another kind', () => smtpUrl('http://a'), 'smtp://USER'],
  ['smtpUrl that is none', () => smtpUrl('mail.test'), 'smtp://USER'],
  ['keySetUrl without encryption', () => keySetUrl('http://issuer.test/keys'), 'https://HOST'],
  ['keySetUrl of a file', () => keySetUrl('file:///keys'), 'https://HOST'],
  ['keySetUrl that is none', () => keySetUrl('issuer.test'), 'https://HOST'],
  ['count', () => count(1, 5)('1.5'), 'whole number from 1 to 5'],
  ['count below', () => count(1, 5)('0'), 'whole number from 1 to 5'],
  ['count above', () => count(1, 5)('6'), 'whole number from 1 to 5'],
  ['share', () => share('much'), 'at least 0'],
  ['share of nothing', () => share(' '), 'at least 0'],
  ['share below', () => share('-0.1'), 'at least 0'],
  ['milliseconds', () => milliseconds(1, 5)('soon'), 'from 1 to 5 ms'],
  ['milliseconds below', () => milliseconds(2, 5)('1'), 'from 2 to 5 ms'],
  ['milliseconds above', () => milliseconds(1, 5)('1s'), 'from 1 to 5 ms'],
  ['yesOrNo', () => yesOrNo('maybe'), 'true or false'],
  ['oneOf', () => oneOf('text', 'json')('jsn'), 'did you mean json?'],
  ['oneOf without a guess', () => oneOf('text', 'json')('zzz'), /text, json$/],
])('%s says what is allowed', (_name, act, message) => {
  expect(act).toThrow(message);
});

it('values are read', () => {
  expect(shortText('engine-1')).toBe('engine-1');
  expect(list('a, b')).toEqual(['a', 'b']);
  expect(storeUrl('sqlite::memory:')).toBe('sqlite::memory:');
  expect(storeUrl('postgresql://h/d')).toBe('postgresql://h/d');
  expect(hosts('localhost:80, [::1]:8080')).toEqual(['localhost:80', '[::1]:8080']);
  expect(smtpUrl('smtps://a.test')).toBe('smtps://a.test');
  const sets = ['https://issuer.test/keys', 'http://[::1]:80/keys', 'http://localhost/keys'];
  expect(sets.map(keySetUrl)).toEqual(sets);
  expect(['TOKEN', '_a1', '1a', 'a-b', ''].map(isSecretName)).toEqual([true, true, false, false, false]);
  expect(count(0, 5)('5')).toBe(5);
  expect(['0', '0.3'].map(share)).toEqual([0, 0.3]);
  expect(milliseconds(1, 5000)('5s')).toBe(5000);
  expect(milliseconds(1, 5000)('7')).toBe(7);
  expect(oneOf('text', 'json')('JSON')).toBe('json');
  expect(['true', 'ON', '0', 'no'].map(yesOrNo)).toEqual([true, true, false, false]);
});

it.each([
  ['postgres://user:secret@host/db', 'postgres://user:***@host/db'],
  ['postgres://user:p@ss@host/db', 'postgres://user:***@host/db'],
  [
    'postgres://host/db?user=u&password=secret&sslmode=require',
    'postgres://host/db?user=u&password=***&sslmode=require',
  ],
  ['postgres://user@host/db', 'postgres://user@host/db'],
  ['file:./x.db', 'file:./x.db'],
])('the password of %s is not shown', (url, shown) => {
  expect(maskUrl(url)).toBe(shown);
});

it('a host may be let through with one port, or with all', () => {
  expect(hosts('localhost:80,[::1]:*')).toEqual(['localhost:80', '[::1]:*']);
});
