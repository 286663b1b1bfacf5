import { afterAll, describe } from 'vitest';
import { postgresUrl } from '../../../testbed/postgres-url.ts';
import { storeContract } from '../contract/store-contract.ts';
import { closeSubjects, openSubject } from '../../../testbed/postgres-subject.ts';

describe.skipIf(postgresUrl === undefined)('PostgreSQL keeps the contract', () => {
  afterAll(closeSubjects);
  storeContract('postgres', () => openSubject(postgresUrl ?? ''));
});
