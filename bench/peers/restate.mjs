import http2 from 'node:http2';
import * as restate from '@restatedev/restate-sdk';
import { inLanes, sleep } from '../measure/clock.mjs';
import { freePort } from '../servers/port.mjs';
import { startRestate } from '../servers/restate.mjs';

/*
 * Restate: its server as the store, a Node endpoint as the worker, calls over one HTTP/2 connection to the
 * ingress. The worker counts what it has finished; after its death (W7) the server is asked instead, which is
 * slower.
 */

const SLEEP_MS = 5000;
const IN_FLIGHT = 100;

/** Starts the server and tells the place where it is. */
export async function serve(place) {
  const server = await startRestate(place.folder);
  // One address for all workers of a repetition: what a dead one began goes on at the same place.
  place.endpointPort = await freePort();
  place.ingress = server.ingress;
  place.admin = server.admin;
  place.storePid = server.pid;
  return server;
}

function defineService(trace, counts) {
  const step = (ctx, id, index) =>
    ctx.run(`s${index}`, () => {
      trace.step(id, index);
      return index;
    });
  const sequence = (length) => async (ctx, id) => {
    for (let index = 0; index < length; index++) await step(ctx, id, index);
  };
  const fan = async (ctx, id) => {
    await restate.RestatePromise.all(Array.from({ length: 1000 }, (_, index) => step(ctx, id, index)));
  };
  const sleeper = async (ctx, id) => {
    const before = await ctx.run('before', () => Date.now());
    await ctx.sleep(SLEEP_MS);
    trace.late(id, Date.now() - before - SLEEP_MS);
  };
  const programs = { one: sequence(1), ten: sequence(10), hundred: sequence(100), fan, sleeper };
  const counted = Object.entries(programs).map(([name, program]) => [
    name,
    async (ctx, id) => {
      await program(ctx, id);
      counts[name] = (counts[name] ?? 0) + 1;
      return 1;
    },
  ]);
  return restate.service({ name: 'bench', handlers: Object.fromEntries(counted) });
}

export async function work(place, trace) {
  const counts = {};
  await restate
    .endpoint()
    .bind(defineService(trace, counts))
    .setLogger(() => {})
    .listen(place.endpointPort);
  await register(place.admin, `http://127.0.0.1:${place.endpointPort}`);
  return { done: () => counts };
}

const TRIES = 20;

async function register(admin, uri) {
  for (let tries = 1; ; tries++) {
    const response = await fetch(`${admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri, force: true }),
    });
    if (response.ok) return;
    if (tries === TRIES) throw new Error(await response.text());
    await sleep(200);
  }
}

export async function connect(place, _trace, getWorker) {
  const session = http2.connect(place.ingress, { settings: { initialWindowSize: 1 << 20 } });
  session.on('error', () => {});
  return {
    start: (workflow, from, count) =>
      inLanes(IN_FLIGHT, count, (index) => post(session, `/bench/${workflow}/send`, `i${from + index}`)),
    done: (workflow) =>
      place.workload === 'W7' ? askServer(place.admin, workflow) : askWorker(getWorker(), workflow),
    call: (index) => post(session, '/bench/one', `c${index}`),
    close: () => session.destroy(),
  };
}

function post(session, path, body) {
  return new Promise((resolve, reject) => {
    const request = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' });
    let status = 0;
    request.on('response', (headers) => (status = headers[':status']));
    request.on('data', () => {});
    request.on('end', () => (status < 300 ? resolve() : reject(new Error(`Restate answered ${status}`))));
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

async function askServer(admin, workflow) {
  const handler = `target_handler_name = '${workflow}'`;
  const query = `select count(*) as n from sys_invocation where status = 'completed' and ${handler}`;
  const response = await fetch(`${admin}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { rows } = await response.json();
  await sleep(200);
  return Number(rows?.[0]?.n ?? 0);
}

function askWorker(worker, workflow) {
  return new Promise((resolve) => {
    worker.once('message', (answer) => resolve(answer.done[workflow] ?? 0));
    worker.send('done');
  });
}
