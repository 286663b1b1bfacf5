import { describe, expect, test } from 'vitest';
import { nodeOnly } from './portable.ts';
import { repositoryFiles } from './repository.ts';

describe('the client', () => {
  test('needs nothing that only Node has, and no other package', () => {
    expect(nodeOnly(repositoryFiles())).toEqual([]);
  });

  test.each([
    "import { hash } from 'node:crypto';",
    "import { z } from 'zod';",
    "const { z } = await import('zod');",
    'process.env.KEY',
    'Buffer.from(text)',
    "require('x')",
  ])('may not say %s', (text) => {
    expect(nodeOnly([{ path: 'packages/client/src/call.ts', text }])).not.toEqual([]);
  });

  test.each([
    "import { a } from './a.ts';",
    '// what Buffer does',
    'const processed = 1;',
    "'text/event-stream'",
    "headers['process']",
  ])('may say %s', (text) => {
    expect(nodeOnly([{ path: 'packages/client/src/call.ts', text }])).toEqual([]);
  });
});
