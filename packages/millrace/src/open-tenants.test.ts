import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusal } from '../testbed/engines/engines.ts';
import { openStore, workflow } from './index.ts';
import { openTenants, type OpenTenants, type TenantOptions } from './open-tenants.ts';

const echo = workflow('echo', (_ctx, input: unknown) => input);

let folder: string;
let opened: OpenTenants[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-tenants-'));
});
afterEach(async () => {
  await Promise.all(opened.map((tenants) => tenants.close()));
  opened = [];
  rmSync(folder, { recursive: true, force: true });
});

async function open(options: Partial<TenantOptions> = {}): Promise<OpenTenants> {
  const url = `file:${join(folder, 'store.db')}`;
  const store = await openStore(url);
  const usual = { url, name: 'one', namespaces: ['default'], workflows: [echo], beat: 50, lease: 500 };
  const tenants = await openTenants({ ...usual, store, ...options });
  opened.push(tenants);
  return tenants;
}

describe('the namespaces of a process', () => {
  it('have an engine each, which sees its own runs and engines alone', async () => {
    const { byNamespace } = await open({ namespaces: ['shop', 'bank'], expectedEngines: ['one', 'two'] });
    const [shop, bank] = [...byNamespace.values()];
    expect(await (await shop?.start(echo, 1, { key: 'k' }))?.result()).toBe(1);
    expect(await (await bank?.start(echo, 2, { key: 'k' }))?.result()).toBe(2);
    expect((await bank?.runs())?.runs).toHaveLength(1);
    const { engines, missing } = (await bank?.cluster()) ?? {};
    expect(engines).toMatchObject([{ engineId: 'one.bank', namespace: 'bank' }]);
    expect(missing).toEqual(['two.bank']);
  });

  it('are drained together: engines leave, and questions are answered still', async () => {
    const { byNamespace, drain, departed } = await open({ namespaces: ['shop', 'bank'] });
    await Promise.all([drain(1_000), departed]);
    const shop = byNamespace.get('shop');
    const run = await shop?.start(echo, 1);
    expect(await run?.describe()).toMatchObject({ status: 'queued' });
  });

  it('are not served where another process must not be there and is', async () => {
    const first = await open({ distributed: false });
    await expect(open({ name: 'two', distributed: false })).rejects.toEqual(
      refusal('NOT_ALONE', /one \(process/),
    );
    await open({ name: 'three', namespaces: ['other'], distributed: false });
    await first.drain(0);
    await open({ name: 'four', distributed: false });
  });
});
