import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { spawnServe, type ServeProcess } from './rig/serve-process.ts';
import { until } from './rig/wait.ts';

const INDEX = new URL('../src/index.ts', import.meta.url).href;

/** A step that ends when a file is there. */
const SLOW = `
import { existsSync, writeFileSync } from 'node:fs';
import { workflow } from '${INDEX}';
export const slow = workflow('slow', async (ctx, folder) => {
  await ctx.step('only', async () => {
    writeFileSync(folder + '/begun', '');
    while (!existsSync(folder + '/go')) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  return 'done';
});
`;

let rig: Rig;
let servers: ServeProcess[] = [];
afterEach(async () => {
  for (const server of servers) server.kill('SIGKILL');
  await Promise.all(servers.map(({ ended }) => ended));
  servers = [];
  await rig.end();
});

async function serve(env: Readonly<Record<string, string>>): Promise<ServeProcess> {
  const server = await spawnServe(rig.url, env);
  servers.push(server);
  return server;
}

async function statusOf({ url }: ServeProcess, path: string): Promise<number> {
  const response = await fetch(`${url}${path}`);
  await response.arrayBuffer();
  return response.status;
}

describe.for(STORES)('a server on %s', (kind) => {
  test.skipIf(!canOpen(kind))('that is told to stop finishes what it has, and takes no more', async () => {
    rig = await openRig(kind);
    const module = join(rig.folder, 'slow.ts');
    writeFileSync(module, SLOW);
    const server = await serve({ MILLRACE_MODULE: module, NODE_ID: 'leaving' });
    const { millrace } = await rig.client();
    const slow = { name: 'slow', version: '1' };
    const run = await millrace.start(slow, rig.folder);
    await until('the step', () => existsSync(join(rig.folder, 'begun')));

    server.kill('SIGTERM');
    await until('the word that it is not ready', async () => (await statusOf(server, '/ready')) === 503);
    const late = await millrace.start(slow, rig.folder);
    expect([await statusOf(server, '/health'), await statusOf(server, '/api/v1/cluster')]).toEqual([
      200, 200,
    ]);
    writeFileSync(join(rig.folder, 'go'), '');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect((await late.describe()).status, 'what came after the signal').toBe('queued');

    await serve({ MILLRACE_MODULE: module, NODE_ID: 'heir' });
    expect(await Promise.all([run.result(), late.result()])).toEqual(['done', 'done']);
    expect((await millrace.failovers()).failovers, 'who leaves has not failed').toEqual([]);
  });

  test.skipIf(!canOpen(kind))('answers what was on its way when it is told to stop', async () => {
    rig = await openRig(kind);
    const server = await serve({ NODE_ID: 'one' });
    const asked: { from: number; status: number | undefined }[] = [];
    const ask = async (): Promise<void> => {
      for (let status: number | undefined = 0; status !== undefined;) {
        const from = performance.now();
        // oxlint-disable-next-line no-await-in-loop -- one after the other, until nobody answers any more
        status = await statusOf(server, '/api/v1/autoscaling').catch(() => undefined);
        asked.push({ from, status });
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, ask));
    await until('load', () => asked.length > 50);
    const toldAt = performance.now();
    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    await clients;
    const before = asked.filter(({ from }) => from < toldAt).map(({ status }) => status);
    expect(new Set(before)).toEqual(new Set([200]));
    expect(asked.length, 'it answered nothing after the signal').toBeGreaterThan(before.length + 8);
  });
});
