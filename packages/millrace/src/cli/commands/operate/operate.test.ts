import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { millrace, type Outcome } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace } from '../../../../testbed/cli/workplace.ts';
import { Millrace } from '../../../millrace.ts';
import type { Diagnosis } from './diagnosis.ts';

function diagnosisOf({ out }: Outcome): Diagnosis {
  return JSON.parse(out) as Diagnosis;
}
function checkOf(outcome: Outcome, name: string) {
  return diagnosisOf(outcome).checks.find((check) => check.name === name);
}

describe('migrate', () => {
  it('makes the schema once; a dry run only says so', async () => {
    using place = workplace();
    const file = place.store.slice('file:'.length);
    const dry = await millrace(['migrate', '--dry-run', '--store', place.store, '--json']);
    expect(dry.status).toBe(0);
    expect(JSON.parse(dry.out)).toMatchObject({ dryRun: true, from: 0, applied: [{ id: 1 }, { id: 2 }, { id: 3 }] });
    expect(existsSync(file)).toBe(false);
    const text = await millrace(['migrate', '--dry-run', '--store', place.store]);
    expect(text.out).toContain('schema 0 would become');
    expect((await millrace(['migrate', '--store', place.store])).out).toContain('schema 0 became');
    expect((await millrace(['migrate', '--store', place.store])).out).toContain('is up to date');
    expect(existsSync(file)).toBe(true);
  });

  it('ends with 5 when the store cannot be reached', async () => {
    const url = 'postgres://user:secret@127.0.0.1:1/shop';
    const { status, err } = await millrace(['migrate', '--store', url]);
    expect(status).toBe(5);
    expect(err).not.toContain('secret');
  });
});

describe('doctor', () => {
  it('makes nothing where there is nothing', async () => {
    using place = workplace();
    const outcome = await millrace(['doctor', '--store', place.store, '--json']);
    expect(outcome.status).toBe(0);
    expect(checkOf(outcome, 'store')).toMatchObject({ status: 'warning' });
    expect(existsSync(place.store.slice('file:'.length))).toBe(false);
    const hopeless = await millrace(['doctor', '--store', `file:${place.write('a.txt', '')}/store.db`]);
    expect(hopeless.status).toBe(5);
  });

  it('shows engines, clock, schema and durability', async () => {
    using place = workplace();
    const engine = await Millrace.open({ store: place.store, name: 'engine-1' });
    const outcome = await millrace(['doctor', '--store', place.store, '--json']);
    const text = await millrace(['doctor', '--store', place.store]);
    await engine.close();
    expect(outcome.status).toBe(0);
    expect(diagnosisOf(outcome)).toMatchObject({
      ok: true,
      store: {
        reachable: true,
        name: 'sqlite',
        durability: { profile: 'sqlite-full' },
        clock: { differenceMs: expect.any(Number) as number },
        engines: [{ name: 'engine-1', pid: process.pid }],
      },
    });
    expect(checkOf(outcome, 'engines')).toMatchObject({ status: 'ok', message: '1 alive' });
    expect(text.out).toContain('durability sqlite-full');
    expect(text.out).toMatch(/^engine-1 /m);
    const later = await millrace(['doctor', '--store', place.store, '--json']);
    expect(checkOf(later, 'engines')).toMatchObject({ status: 'warning' });
  });

  it('says that the schema is missing', async () => {
    using place = workplace();
    new DatabaseSync(place.store.slice('file:'.length)).close();
    const outcome = await millrace(['doctor', '--store', place.store, '--json']);
    expect(checkOf(outcome, 'schema')).toMatchObject({
      status: 'warning',
      message: expect.stringContaining('millrace migrate') as string,
    });
  });

  it('shows the configuration without passwords, and every problem', async () => {
    const env = {
      DATABASE_URL: 'postgres://user:secret@127.0.0.1:1/shop',
      MAX_RETRIES: 'x',
      REDIS_URL: 'redis://h',
    };
    const outcome = await millrace(['doctor', '--json'], { env });
    expect(outcome.status).toBe(5);
    expect(outcome.out).not.toContain('secret');
    const { configuration, checks } = diagnosisOf(outcome);
    expect(configuration[0]).toEqual({
      name: 'DATABASE_URL',
      value: 'postgres://user:***@127.0.0.1:1/shop',
      source: 'DATABASE_URL',
    });
    expect(checks.filter(({ status }) => status !== 'ok')).toMatchObject([
      {
        name: 'environment',
        status: 'failed',
        message: 'MAX_RETRIES=x must be a whole number from 0 to 1000000',
      },
      { name: 'environment', status: 'warning', message: 'REDIS_URL has no effect in this version' },
      { name: 'store', status: 'failed' },
    ]);
  });

  it('ends with 2 when only the environment is wrong, and names --store as the source', async () => {
    using place = workplace();
    await millrace(['migrate', '--store', place.store]);
    const outcome = await millrace(['doctor', '--store', place.store, '--json'], { env: { LOG_LEVEL: 'x' } });
    expect(outcome.status).toBe(2);
    expect(diagnosisOf(outcome).configuration[0]).toMatchObject({ value: place.store, source: '--store' });
  });
});
