import { findPostgresBinaries } from './postgres-binaries.ts';
import { startPostgresCluster } from './postgres-cluster.ts';

/** Gives a test run one PostgreSQL: the one at DATABASE_URL, else its own, else none. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  // Several projects of one run share the server of the first.
  if (process.env['MILLRACE_TEST_POSTGRES'] !== undefined) return undefined;
  const given = process.env['DATABASE_URL'];
  if (given?.startsWith('postgres')) {
    process.env['MILLRACE_TEST_POSTGRES'] = given;
    return undefined;
  }
  if (findPostgresBinaries() === undefined) return undefined;
  const cluster = await startPostgresCluster();
  process.env['MILLRACE_TEST_POSTGRES'] = cluster.url;
  return () => cluster.remove();
}
