import { describe, expect, it } from 'vitest';
import { millrace } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace } from '../../../../testbed/cli/workplace.ts';
import { Millrace, type CreatedKey, type KeyDescription } from '../../../index.ts';

describe('keys', () => {
  it('are made, shown once, listed and revoked', async () => {
    using place = workplace();
    const store = ['--store', place.store];
    const client = await Millrace.open({ store: place.store, work: false });
    expect((await millrace(['keys', 'list', ...store])).err).toContain('no keys');
    const made = await millrace([
      'keys',
      'create',
      '--role',
      'operator',
      '--name',
      'ci',
      '--expires',
      '30d',
      ...store,
    ]);
    const key = made.out.trim();
    expect(made.err).toMatch(/operator of namespace default, until \d{4}-.* nobody can show it again/);
    const verified = await client.keys.verify(key);
    expect(verified).toMatchObject({ role: 'operator', name: 'ci' });
    const keyId = verified?.keyId ?? '';
    const list = await millrace(['keys', 'list', ...store]);
    expect(list.out).toMatch(new RegExp(`^${keyId} +ci +operator +active`, 'm'));
    expect(list.out + list.err + made.err).not.toContain(key.slice(20));
    expect((await millrace(['keys', 'revoke', keyId, ...store])).out).toBe(`key ${keyId} is revoked`);
    expect(await client.keys.verify(key)).toBeUndefined();
    const { items } = JSON.parse((await millrace(['keys', 'list', ...store, '--json'])).out) as {
      items: KeyDescription[];
    };
    expect(items).toMatchObject([{ keyId, status: 'revoked' }]);
    await client.close();
  });

  it('belong to a namespace', async () => {
    using place = workplace();
    const store = ['--store', place.store];
    const client = await Millrace.open({ store: place.store, work: false });
    const acme = ['--namespace', 'acme', ...store];
    const made = await millrace(['keys', 'create', '--role', 'viewer', '--json', ...acme]);
    const { key, keyId } = JSON.parse(made.out) as CreatedKey;
    expect(await client.keys.verify(key)).toMatchObject({ namespace: 'acme' });
    expect((await millrace(['keys', 'revoke', keyId, ...store])).status).toBe(3);
    expect((await millrace(['keys', 'revoke', keyId, ...acme])).status).toBe(0);
    await client.close();
  });

  it('come page by page', async () => {
    using place = workplace();
    const client = await Millrace.open({ store: place.store, work: false });
    for (const name of ['a', 'b', 'c']) await client.keys.create({ role: 'viewer', name });
    const page = await millrace(['keys', 'list', '--limit', '2', '--store', place.store]);
    const [, cursor = ''] = /more: --cursor (\w+)/.exec(page.err) ?? [];
    const rest = await millrace(['keys', 'list', '--cursor', cursor, '--store', place.store, '--json']);
    expect((JSON.parse(rest.out) as { items: unknown[]; nextCursor: null }).items).toHaveLength(1);
    await client.close();
  });

  it.each([
    [['create'], "required option '--role <role>' not specified"],
    [['create', '--role', 'amdin'], 'Did you mean "admin"?'],
    [['create', '--role', 'admin', '--expires', 'soon'], 'soon'],
    [['list', '--limit', '0'], '--limit is "0"'],
    [['revoke'], "missing required argument 'id'"],
  ])('%j is wrong usage', async (args, words) => {
    using place = workplace();
    const client = await Millrace.open({ store: place.store, work: false });
    const { status, err } = await millrace(['keys', ...args, '--store', place.store]);
    expect([status, err]).toEqual([2, expect.stringContaining(words)]);
    await client.close();
  });
});
