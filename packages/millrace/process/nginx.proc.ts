import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { postgresUrl } from '../testbed/postgres-url.ts';
import { findNginx, startNginx, type Balancer } from '../testbed/proxy/nginx.ts';
import { openRig, type Rig } from './rig/rig.ts';
import { spawnServe, type ServeProcess } from './rig/serve-process.ts';
import { until } from './rig/wait.ts';

const CLIENTS = 8;

let rig: Rig;
let one: ServeProcess;
let two: ServeProcess;
let nginx: Balancer;

beforeEach(async () => {
  rig = await openRig('postgres');
  one = await spawnServe(rig.url, { NODE_ID: 'one' });
  two = await spawnServe(rig.url, { NODE_ID: 'two' });
  nginx = await startNginx([one.address, two.address]);
});
afterEach(async () => {
  await nginx.stop();
  for (const server of [one, two]) server.kill('SIGKILL');
  await Promise.all([one.ended, two.ended]);
  await rig.end();
});

/** A request with its time and its end. */
interface Asked {
  readonly method: string;
  readonly from: number;
  readonly to: number;
  readonly status: number;
}

/** Asks and changes without a pause until it is stopped. */
function load(): { readonly asked: Asked[]; stop(): Promise<void> } {
  const asked: Asked[] = [];
  const end = new AbortController();
  const client = async (_: unknown, at: number): Promise<void> => {
    for (let round = 0; !end.signal.aborted; round++) {
      const change = { method: 'PATCH', headers: JSON_TYPE, body: JSON.stringify({ maxDepth: round + 1 }) };
      const path = round % 2 === 0 ? `/api/v1/queues/q${at}` : '/api/v1/autoscaling';
      const init = round % 2 === 0 ? change : { method: 'GET' };
      const from = performance.now();
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const response = await fetch(`${nginx.url}${path}`, init);
      // oxlint-disable-next-line no-await-in-loop
      await response.arrayBuffer();
      asked.push({ method: init.method, from, to: performance.now(), status: response.status });
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  return {
    asked,
    async stop() {
      end.abort();
      await clients;
    },
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

async function whoAnswers(): Promise<string> {
  const response = await fetch(`${nginx.url}/health`);
  return ((await response.json()) as { instanceId: string }).instanceId;
}

async function answerers(count: number): Promise<string[]> {
  const seen: string[] = [];
  // oxlint-disable-next-line no-await-in-loop -- in turn
  for (let at = 0; at < count; at++) seen.push(await whoAnswers());
  return seen;
}

const failed = (asked: readonly Asked[]): Asked[] => asked.filter(({ status }) => status !== 200);

describe.skipIf(postgresUrl === undefined || findNginx() === undefined)('two servers behind nginx', () => {
  test('answer in turn', async () => {
    const seen = await answerers(20);
    expect(seen.filter((name) => name === 'one')).toHaveLength(10);
    const cluster = (await (await fetch(`${nginx.url}/api/v1/cluster`)).json()) as { engines: unknown[] };
    expect(cluster.engines).toHaveLength(2);
  });

  test('lose with one that is killed only what it was about to answer', async () => {
    const { asked, stop } = load();
    await until('load', () => asked.length > 100);
    const before = performance.now();
    one.kill('SIGKILL');
    await one.ended;
    const after = performance.now();
    const count = asked.length;
    await until('more load', () => asked.length > count + 100);
    await stop();
    console.log(`killed behind nginx: ${asked.length} requests, ${JSON.stringify(failed(asked))}`);
    const lost = failed(asked);
    expect(lost.length).toBeLessThanOrEqual(CLIENTS);
    expect(
      lost.filter(({ method, from, to }) => method === 'GET' || from > after || to < before),
      'failed, and was not on its way to the one that died',
    ).toEqual([]);
    expect(new Set(await answerers(10))).toEqual(new Set(['two']));
  });

  test('lose nothing with one that is stopped, and get it back when it is there again', async () => {
    const { asked, stop } = load();
    await until('load', () => asked.length > 100);
    one.kill('SIGTERM');
    expect(await one.ended).toEqual({ code: 0, signal: null });
    const count = asked.length;
    await until('more load', () => asked.length > count + 100);
    const [, port = ''] = one.address.split(':');
    one = await spawnServe(rig.url, { NODE_ID: 'one', PORT: port });
    await until('the one that is back', async () => (await whoAnswers()) === 'one');
    await stop();
    expect(failed(asked)).toEqual([]);
  });

  test('let events through as they happen, and go on with them where one is killed', async () => {
    const quick = { workflow: 'quick', version: 1, nodes: { one: { value: 1 } } };
    const put = { method: 'PUT', headers: JSON_TYPE, body: JSON.stringify(quick) };
    expect((await fetch(`${nginx.url}/api/v1/definitions/quick/versions/1`, put)).status).toBeLessThan(300);
    const start = async (): Promise<string> => {
      const body = JSON.stringify({ workflow: 'quick@1' });
      const response = await fetch(`${nginx.url}/api/v1/runs`, { method: 'POST', headers: JSON_TYPE, body });
      return ((await response.json()) as { runId: string }).runId;
    };
    const listener = listen();
    await until('a greeting', () => listener.heard().includes('id:'));
    const first = await start();
    await until('the first run', () => listener.heard().includes(first));
    one.kill('SIGKILL');
    await one.ended;
    const second = await start();
    await until('the second run', () => listener.heard().includes(second));
    await listener.stop();
  });
});

/** Follows events through the balancer, and comes back with the last id whenever it is cut off. */
function listen(): { heard(): string; stop(): Promise<void> } {
  const end = new AbortController();
  const { signal } = end;
  let heard = '';
  const follow = async (): Promise<void> => {
    const lastId = /.*^id: ?(\S+)$/ms.exec(heard)?.[1];
    const headers = lastId === undefined ? {} : { 'last-event-id': lastId };
    const response = await fetch(`${nginx.url}/api/v1/events`, { headers, signal });
    for await (const chunk of response.body ?? []) heard += Buffer.from(chunk).toString();
  };
  const ended = (async () => {
    // oxlint-disable-next-line no-await-in-loop -- one connection after the other
    while (!signal.aborted) await follow().catch(() => undefined);
  })();
  return {
    heard: () => heard,
    async stop() {
      end.abort();
      await ended;
    },
  };
}
