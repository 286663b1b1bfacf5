import { describe } from 'vitest';
import { usePostgres } from '../../testbed/engines/postgres.ts';
import { postgresUrl } from '../../testbed/postgres-url.ts';

/** What engines promise is promised on PostgreSQL too: the same tests on another store. */
describe.skipIf(postgresUrl === undefined)('engines on PostgreSQL', async () => {
  usePostgres(postgresUrl ?? '');
  await import('./steps.test.ts');
  await import('./runs.test.ts');
  await import('./engines.test.ts');
  await import('./tasks.test.ts');
  await import('./turn/locks.test.ts');
});
