/*
 * Those who listen: `node listeners-actor.mjs ASSIGNMENT`. Each is a socket of its own. Reading half a million events a
 * second costs more than sending them, so of each arrival only the oldest event is looked at, which has been on its way
 * longest; some listeners read everything, and see whether something is missing or doubled.
 */
import { request } from 'node:http';
import { sleep } from '../../measure/clock.mjs';
import { quantile } from '../../measure/statistics.mjs';
import { serveActs } from '../../scale/serve-acts.mjs';

const AT = '"at":"';
const INSTANT_CHARS = 24;

const open = [];
let lateMs = [];
let isMeasured = false;

function listen(url, readsAll) {
  return new Promise((resolve, reject) => {
    const listener = { bytes: 0, seen: new Map(), ended: false };
    const asked = request(`${url}/api/v1/events?types=run`, { agent: false }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`refused with ${response.statusCode}`));
      let rest = '';
      response.on('data', (chunk) => {
        listener.bytes += chunk.length;
        const arrivedAt = Date.now();
        const from = isMeasured ? chunk.indexOf(AT) : -1;
        if (from >= 0 && chunk.length >= from + AT.length + INSTANT_CHARS)
          lateMs.push(
            arrivedAt - Date.parse(chunk.latin1Slice(from + AT.length, from + AT.length + INSTANT_CHARS)),
          );
        if (!readsAll) return;
        const blocks = (rest + chunk.toString()).split('\n\n');
        rest = blocks.pop();
        for (const block of blocks) {
          if (!block.startsWith('id:')) continue;
          const id = block.slice(4, block.indexOf('\n'));
          listener.seen.set(id, (listener.seen.get(id) ?? 0) + 1);
        }
      });
      response.on('error', () => (listener.ended = true));
      response.on('end', () => (listener.ended = true));
      open.push({ listener, asked });
      resolve();
    });
    asked.on('error', reject);
    asked.end();
  });
}

const ACTS = {
  async listen({ url, count, readers }) {
    for (let at = 0; at < count; at += 50)
      await Promise.all(
        Array.from({ length: Math.min(50, count - at) }, (_, next) => listen(url, at + next < readers)),
      );
  },
  measure() {
    lateMs = [];
    isMeasured = true;
  },
  async report({ settleMs }) {
    await sleep(settleMs);
    const sorted = lateMs.toSorted((a, b) => a - b);
    const readers = open.map(({ listener }) => listener).filter(({ seen }) => seen.size > 0);
    return {
      arrivals: sorted.length,
      p50: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
      max: sorted.at(-1),
      seen: readers.map(({ seen }) => seen.size),
      doubled: readers.flatMap(({ seen }) => [...seen.values()].filter((times) => times > 1)).length,
      ended: open.filter(({ listener }) => listener.ended).length,
      leastMb: Math.min(...open.map(({ listener }) => listener.bytes)) / 1e6,
      mostMb: Math.max(...open.map(({ listener }) => listener.bytes)) / 1e6,
    };
  },
};

serveActs({ close: async () => open.forEach(({ asked }) => asked.destroy()) }, ACTS);
