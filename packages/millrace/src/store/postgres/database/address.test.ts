import { expect, test } from 'vitest';
import { readAddress } from './address.ts';

test.each([
  ['postgres://u@h/db', ['postgres://u@h/db'], false],
  ['postgres://u:p@h:6432/db?sslmode=require', ['postgres://u:p@h:6432/db?sslmode=require'], false],
  ['postgres:///db?host=/tmp/socket', ['postgres:///db?host=/tmp/socket'], false],
  ['postgres://u@h/db?target_session_attrs=read-write', ['postgres://u@h/db'], true],
  ['postgres://u@h1:1,h2:2/db', ['postgres://u@h1:1/db', 'postgres://u@h2:2/db'], true],
  [
    'postgresql://h1,h2,[::1]:5/db',
    ['postgresql://h1/db', 'postgresql://h2/db', 'postgresql://[::1]:5/db'],
    true,
  ],
  [
    'postgres://u:p%40,@h1,h2:2/db?target_session_attrs=primary&sslmode=require',
    ['postgres://u:p%40,@h1/db?sslmode=require', 'postgres://u:p%40,@h2:2/db?sslmode=require'],
    true,
  ],
  ['postgres://u:p@ss@h1,h2', ['postgres://u:p@ss@h1', 'postgres://u:p@ss@h2'], true],
])('%s names its servers in order', (url, servers, checked) => {
  expect(readAddress(url)).toEqual({ servers, checked });
});

test.each([
  ['postgres://u:secret@h1,h2/db?target_session_attrs=any', 'target_session_attrs is any'],
  ['postgres://u:secret@h/db?target_session_attrs=standby', 'a server that takes writes: read-write'],
  ['postgres://u:secret@/db?host=h1,h2', 'postgres://user@host1:5432,host2:5432/database'],
  ['postgres://u:secret@h1,,h2/db', 'one of the servers in "h1,,h2" has no name'],
])('%s is refused: %s', (url, message) => {
  const refused = (): unknown => readAddress(url);
  expect(refused).toThrow(expect.objectContaining({ code: 'STORE_URL', failure: 'definite' }));
  expect(refused).toThrow(message);
  expect(refused).not.toThrow('secret');
});
