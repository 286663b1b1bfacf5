import { describe } from 'vitest';
import { usePostgres } from '../../testbed/engines/postgres.ts';
import { postgresUrl } from '../../testbed/postgres-url.ts';

/** What is counted does not depend on the store: the same tests on another one. */
describe.skipIf(postgresUrl === undefined)('metrics on PostgreSQL', async () => {
  usePostgres(postgresUrl ?? '');
  await import('./metrics.test.ts');
});
