import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { refusal } from '../../../../testbed/engines/engines.ts';
import { serverKey } from './key.ts';

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'key');
  writeFileSync(path, text);
  return path;
}

it('is of the environment, or of a file that it names', () => {
  expect(serverKey({})).toBeUndefined();
  expect(serverKey({ MILLRACE_API_KEY: '', MILLRACE_API_KEY_FILE: '' })).toBeUndefined();
  expect(serverKey({ MILLRACE_API_KEY: 'mr_1' })).toBe('mr_1');
  expect(serverKey({ MILLRACE_API_KEY_FILE: fileWith('mr_2\n') })).toBe('mr_2');
});

it('says what is wrong, and never the key', () => {
  const both = { MILLRACE_API_KEY: 'mr_secret', MILLRACE_API_KEY_FILE: fileWith('x') };
  expect(() => serverKey(both)).toThrow(refusal('INVALID_ARGUMENT', /^(?!.*mr_secret).*only one/));
  const empty = { MILLRACE_API_KEY_FILE: fileWith(' \n') };
  expect(() => serverKey(empty)).toThrow(refusal('INVALID_ARGUMENT', /is empty/));
  expect(() => serverKey({ MILLRACE_API_KEY_FILE: '/none/key' })).toThrow(
    refusal('INVALID_ARGUMENT', /cannot be read: ENOENT/),
  );
});
