import { describe } from 'vitest';
import { usePostgres } from '../../testbed/engines/postgres.ts';
import { postgresUrl } from '../../testbed/postgres-url.ts';

/** What is promised of versions is promised on PostgreSQL too: the same tests on another store. */
describe.skipIf(postgresUrl === undefined)('versions on PostgreSQL', async () => {
  usePostgres(postgresUrl ?? '');
  await import('./deploy.test.ts');
  await import('./routes.test.ts');
});
