import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { secretsOf, secretVariable } from '../../core/configuration/secrets.ts';
import { secretsFrom } from './secrets.ts';

describe('the secrets of an environment', () => {
  it('are its variables, and files that are read when they are used', () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-secrets-'));
    const path = join(folder, 'pin');
    try {
      writeFileSync(path, '4711\r\n');
      const env = {
        MILLRACE_SECRET_TOKEN: 'a\n',
        MILLRACE_SECRET_PIN_FILE: path,
        MILLRACE_SECRET_NONE: '',
        PATH: '/',
      };
      const secrets = secretsFrom(env);
      expect(secrets.names).toEqual(['PIN', 'TOKEN']);
      expect([secrets.get('TOKEN'), secrets.get('PIN'), secrets.get('NONE')]).toEqual([
        'a\n',
        '4711',
        undefined,
      ]);
      writeFileSync(path, '4712\n');
      expect(secrets.get('PIN')).toBe('4712');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('name the file that cannot be read', () => {
    const secrets = secretsFrom({ MILLRACE_SECRET_PIN_FILE: '/nowhere' });
    expect(() => secrets.get('PIN')).toThrow(/file of secret PIN cannot be read: .*MILLRACE_SECRET_PIN_FILE/);
  });

  it('are taken from the variable where there are both', () => {
    for (const env of [
      { MILLRACE_SECRET_A: 'x', MILLRACE_SECRET_A_FILE: '/a' },
      { MILLRACE_SECRET_A_FILE: '/a', MILLRACE_SECRET_A: 'x' },
    ]) {
      expect(secretsFrom(env).get('A')).toBe('x');
    }
  });
});

it('a variable of a secret says its name, and whether it names a file', () => {
  expect(secretVariable('MILLRACE_SECRET_a_1')).toEqual({ name: 'a_1', isFile: false });
  expect(secretVariable('MILLRACE_SECRET_A_FILE')).toEqual({ name: 'A', isFile: true });
  for (const other of [
    'MILLRACE_SECRET_',
    'MILLRACE_SECRET_1',
    'MILLRACE_SECRET_a-b',
    'A',
    'XMILLRACE_SECRET_A',
  ]) {
    expect(secretVariable(other)).toBeUndefined();
  }
});

it('secrets of a program are looked up by name', () => {
  const secrets = secretsOf({ TOKEN: 'x', A: 'y' });
  expect(secrets.names).toEqual(['A', 'TOKEN']);
  expect([secrets.get('TOKEN'), secrets.get('toString')]).toEqual(['x', undefined]);
  expect(secretsOf(secrets)).toBe(secrets);
});
