import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { now, sleep } from '../measure/clock.mjs';
import { residentMb } from '../measure/proc.mjs';
import { quantile } from '../measure/statistics.mjs';
import { startBare } from './bare.mjs';
import { fillRuns, LISTINGS } from './listing/fill.mjs';
import { closedLoop, openLoop } from './load.mjs';
import { workflows } from './module.mjs';
import { listingPlans } from './listing/plans.mjs';
import { KEYS, startServer } from './server.mjs';
import { openWire, requestText } from './wire.mjs';

const INPUT = { order: 17, items: ['a', 'b', 'c'] };
const SECONDS = 8;
/** Before anything counts: a process that has just begun compiles what it does for about so long. */
const WARM_SECONDS = 2;
/** More than a server works on at once: it never waits for its clients. */
const CONNECTIONS = 192;
/** Of the single starts that are asked for, half: the rate at which their latency counts. */
const HALF_OF_STARTS = 2_000;

const post = (path, body, key = KEYS.default) =>
  requestText('POST', path, { body: JSON.stringify(body), key });
const get = (path, key = KEYS.default) => requestText('GET', path, { key });
const start = (at) => ({ workflow: 'nothing', input: INPUT, tags: [`t${at % 7}`] });
const startRequest = (at) => post('/api/v1/runs', start(at));
const usualRequest = (at) => (at % 2 === 0 ? startRequest(at) : get('/api/v1/queues'));
const isCreated = (status) => status === 201;
const isOk = (status) => status === 200;

/** Starts in batches over HTTP, and the same by the library in a process of its own that shares the machine. */
export async function measureBatches({ store }, session) {
  return onServer(store, session, async ({ url, place, millrace }) => {
    const size = 100;
    const items = Array.from({ length: size }, (_, at) => start(at));
    const body = post('/api/v1/runs/batch', items);
    const over = await closedLoop({ url, connections: 8, seconds: SECONDS, request: () => body, good: isOk });
    const client = await millrace.open({ store: place.url, work: false, name: 'library', workflows });
    const library = await inProcess(client, size);
    await client.close();
    return {
      runsPerSecond: over.perSecond * size,
      libraryPerSecond: library,
      share: (over.perSecond * size) / library,
      p99: over.p99,
    };
  });
}

async function inProcess(client, size) {
  const until = now() + SECONDS * 1_000;
  const startedAt = now();
  let runs = 0;
  const items = Array.from({ length: size }, (_, at) => ({ ...start(at), workflow: workflows[0] }));
  const lane = async () => {
    while (now() < until) {
      await client.startMany(items);
      runs += size;
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  return runs / ((now() - startedAt) / 1_000);
}

/** Single starts: as many as it takes, and how late answers are at half of what is asked for. */
export async function measureStarts({ store }, session) {
  return onServer(store, session, async ({ url }) => {
    const request = startRequest;
    const most = await warmLoop({ url, request, good: isCreated });
    const half = await openLoop({
      ...{ url, connections: CONNECTIONS, seconds: SECONDS, request, good: isCreated },
      perSecond: HALF_OF_STARTS,
    });
    if (half.refused > 0) throw new Error(`${half.refused} starts were refused`);
    return {
      perSecond: most.perSecond,
      ...(await besideBare({ request, good: isCreated }, most.perSecond)),
      p99AtMost: most.p99,
      halfPerSecond: half.perSecond,
      p50AtHalf: half.p50,
      p99AtHalf: half.p99,
    };
  });
}

/** Single runs, read by many at once. */
export async function measureReads({ store }, session) {
  return onServer(store, { ...session, works: true }, async ({ url }) => {
    const wire = await openWire(url);
    const ids = [];
    for (let at = 0; at < 500; at++) {
      const { body } = await wire.ask(post('/api/v1/runs', start(at)));
      ids.push(JSON.parse(body).runId);
    }
    await wire.ask(get(`/api/v1/runs/${ids.at(-1)}/result?wait=10s`));
    wire.close();
    const request = (at) => get(`/api/v1/runs/${ids[at % ids.length]}`);
    const { perSecond, p50, p99 } = await warmLoop({ url, request, good: isOk });
    return { perSecond, ...(await besideBare({ request, good: isOk }, perSecond)), p50, p99 };
  });
}

async function warmLoop(load) {
  await closedLoop({ ...load, connections: CONNECTIONS, seconds: WARM_SECONDS });
  return closedLoop({ ...load, connections: CONNECTIONS, seconds: SECONDS });
}

/** The same requests at a server that does nothing, a moment later: what of its speed is left. */
async function besideBare(load, reached) {
  const bare = await startBare();
  try {
    const { perSecond } = await warmLoop({ url: bare.url, ...load });
    return { barePerSecond: perSecond, shareOfBare: reached / perSecond };
  } finally {
    await bare.stop();
  }
}

/** Pages of filtered lists, with very many runs there. */
export async function measureListing({ store, closed, open }, session) {
  // Before anybody works on it: filling locks a file for longer than an engine may be silent.
  const prepare = (place) => fillRuns(place, { closed, open });
  return onServer(store, { ...session, prepare }, async ({ url, place }) => {
    const wire = await openWire(url);
    const figures = {};
    const all = [];
    for (const [name, query] of LISTINGS) {
      const times = [];
      let cursor = '';
      for (let page = 0; page < 25; page++) {
        const sentAt = now();
        const { status, body } = await wire.ask(get(`/api/v1/runs?${query}&limit=50${cursor}`));
        times.push(now() - sentAt);
        if (status !== 200) throw new Error(`${query}: ${status} ${body.slice(0, 200)}`);
        const { nextCursor } = JSON.parse(body);
        cursor = nextCursor === null ? '' : `&cursor=${encodeURIComponent(nextCursor)}`;
      }
      all.push(...times);
      figures[name] = quantile(times, 0.99);
    }
    wire.close();
    const plans = await listingPlans(place, session.options.engine);
    return { p99: quantile(all, 0.99), ...figures, plans };
  });
}

/** What one namespace notices of another that asks for all that it can. */
export async function measureFairness({ store }, session) {
  return onServer(store, session, async ({ url }) => {
    const request = usualRequest;
    const quiet = {
      url,
      connections: 16,
      seconds: SECONDS,
      perSecond: 200,
      request,
      good: (status) => status < 300,
    };
    await openLoop({ ...quiet, seconds: 2 });
    const alone = await openLoop(quiet);
    const abuse = closedLoop({
      ...{ url, connections: 200, seconds: SECONDS + 2 },
      request: (at) => post('/api/v1/runs', start(at), KEYS.noisy),
      good: (status) => [201, 429, 503].includes(status),
    });
    // Opening so many connections holds up this process, which would count as the server's.
    await sleep(500);
    const beside = await openLoop(quiet);
    const { perSecond } = await abuse;
    return {
      p99Alone: alone.p99,
      p99Beside: beside.p99,
      times: beside.p99 / alone.p99,
      refused: beside.refused,
      abusePerSecond: perSecond,
    };
  });
}

async function onServer(store, { postgres, options, millrace, works, prepare }, use) {
  const folder = mkdtempSync(join(options.folder, 'millrace-http-'));
  const url = store === 'postgres' ? await postgres.createDatabase() : `file:${join(folder, 'bench.db')}`;
  if (prepare !== undefined) {
    await (await millrace.open({ store: url, work: false })).close();
    await prepare({ store, url });
  }
  const server = await startServer({ engine: options.engine, url, works });
  try {
    const before = residentMb(server.pid);
    const figures = await use({ url: server.url, pid: server.pid, place: { store, url }, millrace });
    return { ...figures, rssMbBefore: before, rssMbAfter: residentMb(server.pid) };
  } finally {
    await server.stop();
    if (store === 'postgres') await postgres.dropDatabase(url);
    rmSync(folder, { recursive: true, force: true });
  }
}
