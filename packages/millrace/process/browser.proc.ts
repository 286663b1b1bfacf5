import { readFile, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { findChromium, openPage, type Browser } from '../testbed/browser/chromium.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { spawnServe, type ServeProcess } from './rig/serve-process.ts';
import { until } from './rig/wait.ts';

const INDEX = new URL('../src/index.ts', import.meta.url).href;
const CLIENT = new URL('../../client/dist/', import.meta.url);

const MODULE = `
import { workflow } from '${INDEX}';
export const greet = workflow('greet', async (ctx, { name }) => {
  const greeting = await ctx.waitForSignal('greeting');
  return await ctx.step('greet', () => greeting + ' ' + name);
});
`;

/** What a page and its worker both do with the client, as it is published. */
const WORK = `
import { createClient } from '/client/index.js';
export async function work(name) {
  const client = createClient({ url: location.origin });
  const run = await client.start('greet', { name }, { key: name, tags: ['browser'] });
  const told = (async () => {
    const types = [];
    for await (const { data } of run.watch()) types.push(data.type);
    return types;
  })();
  await run.signal('greeting', 'Grüß Gott,');
  const listed = [];
  for await (const one of client.runs({ tag: 'browser' })) listed.push(one.runId);
  const unknown = await client
    .run('0192f0a0-0000-7000-8000-000000000000')
    .describe()
    .catch((error) => error.code);
  const aborted = await client
    .run({ key: 'nobody' })
    .describe({ signal: AbortSignal.abort(new Error('enough')) })
    .catch((error) => error.message);
  return { result: await run.result(), types: await told, found: listed.includes(run.runId), unknown, aborted };
}
export async function report(where, name) {
  const body = JSON.stringify(await work(name).catch((error) => ({ failed: String(error.stack ?? error) })));
  await fetch('/report/' + where, { method: 'POST', body });
}
`;
const FILES: Readonly<Record<string, [type: string, text: string]>> = {
  '/': ['text/html', '<!doctype html><title>test</title><script type="module" src="/page.js"></script>'],
  '/page.js': [
    'text/javascript',
    `import { report } from '/work.js'; new Worker('/worker.js', { type: 'module' }); report('page', 'page');`,
  ],
  '/worker.js': ['text/javascript', `import { report } from '/work.js'; report('worker', 'worker');`],
  '/work.js': ['text/javascript', WORK],
};

let rig: Rig;
let server: ServeProcess;
let site: Server;
let browser: Browser | undefined;
let reports: Map<string, unknown>;

afterEach(async () => {
  await browser?.close();
  browser = undefined;
  site.close();
  site.closeAllConnections();
  server.kill('SIGKILL');
  await server.ended;
  await rig.end();
});

/** A site that has pages of its own and passes the API on, so that both are one origin, as behind a proxy. */
async function openSite(): Promise<string> {
  site = createServer((incoming, outgoing) => void answer(incoming, outgoing));
  await new Promise<void>((resolve) => void site.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
}

async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { url = '/', method, headers } = incoming;
  if (url.startsWith('/api/')) {
    const passed = request(new URL(url, server.url), { method, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(outgoing);
    });
    passed.on('error', () => outgoing.destroy());
    incoming.pipe(passed);
    return;
  }
  if (url.startsWith('/report/')) {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    reports.set(url.slice('/report/'.length), JSON.parse(Buffer.concat(chunks).toString()));
    outgoing.end();
    return;
  }
  const [type, text] = FILES[url] ?? (await clientFile(url)) ?? [];
  outgoing.writeHead(text === undefined ? 404 : 200, { 'content-type': type ?? 'text/plain' });
  outgoing.end(text);
}

async function clientFile(url: string): Promise<[string, string] | undefined> {
  if (!/^\/client\/[\w/-]+\.js$/.test(url)) return undefined;
  return ['text/javascript', await readFile(new URL(url.slice('/client/'.length), CLIENT), 'utf8')];
}

describe.skipIf(findChromium() === undefined)('the client in a browser', () => {
  test('starts, signals, watches, lists and waits, in a page and in its worker', async () => {
    reports = new Map();
    rig = await openRig('sqlite');
    const module = join(rig.folder, 'greet.ts');
    await writeFile(module, MODULE);
    server = await spawnServe(rig.url, { MILLRACE_MODULE: module });
    browser = await openPage(await openSite());
    const done = (name: string) => ({
      result: `Grüß Gott, ${name}`,
      types: expect.arrayContaining(['started', 'signal-received', 'step-completed', 'completed']),
      found: true,
      unknown: 'RUN_NOT_FOUND',
      aborted: 'enough',
    });
    await until('both reports', () => reports.size === 2, 60_000);
    expect(reports.get('page'), browser.said()).toEqual(done('page'));
    expect(reports.get('worker')).toEqual(done('worker'));
  }, 90_000);
});
