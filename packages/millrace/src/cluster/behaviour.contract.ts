import { describe } from 'vitest';
import { usePostgres } from '../../testbed/engines/postgres.ts';
import { postgresUrl } from '../../testbed/postgres-url.ts';

/** What engines do together they do on PostgreSQL too: the same tests on another store. */
describe.skipIf(postgresUrl === undefined)('a cluster on PostgreSQL', async () => {
  usePostgres(postgresUrl ?? '');
  await import('./cluster.test.ts');
  await import('./placement.test.ts');
});
