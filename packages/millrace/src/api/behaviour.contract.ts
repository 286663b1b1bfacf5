import { describe } from 'vitest';
import { usePostgres } from '../../testbed/engines/postgres.ts';
import { postgresUrl } from '../../testbed/postgres-url.ts';

/** What starts and handles promise is promised on PostgreSQL too: the same tests on another store. */
describe.skipIf(postgresUrl === undefined)('starts and handles on PostgreSQL', async () => {
  usePostgres(postgresUrl ?? '');
  await import('./start.test.ts');
  await import('./demands.test.ts');
  await import('./handle.test.ts');
  await import('./retry.test.ts');
  await import('./isolation.test.ts');
  await import('./audit/acting-store.test.ts');
  await import('./encryption.test.ts');
  await import('./locks/locks.test.ts');
  await import('./limits/limits.test.ts');
  await import('./lines/logs.test.ts');
  await import('./preflight/preflight.test.ts');
  await import('./pausing/pause.test.ts');
  await import('./why/waits.test.ts');
  await import('./why/queue.test.ts');
  await import('./why/blocked.test.ts');
  await import('../versions/read-nodes.test.ts');
});
