import { describe } from 'vitest';
import { usePostgres } from '../../testbed/engines/postgres.ts';
import { postgresUrl } from '../../testbed/postgres-url.ts';

/** What is promised over HTTP is promised on PostgreSQL too: the same tests on another store. */
describe.skipIf(postgresUrl === undefined)('the API on PostgreSQL', async () => {
  usePostgres(postgresUrl ?? '');
  await import('./routes/runs/runs.test.ts');
  await import('./routes/definitions/definitions.test.ts');
});
