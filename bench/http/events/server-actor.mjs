/*
 * The server of a case: `node server-actor.mjs ASSIGNMENT`, an assignment being JSON. Engine, API and database client in one
 * process, as `millrace serve` has them. It answers when it listens, then each thing that it is asked.
 */
import { dirname, join } from 'node:path';
import { sleep, now } from '../../measure/clock.mjs';
import { processCpuMs, residentMb } from '../../measure/proc.mjs';
import { serveActs } from '../../scale/serve-acts.mjs';

const { url, engine: path } = JSON.parse(process.argv[2]);
const part = (name) => import(join(dirname(path), 'server', name));
const { Millrace, workflow } = await import(path);
const { openServer } = await part('server.js');
const { createTenants } = await part('tenants.js');
const { openDoor } = await part('access/local.js');

const nothing = workflow('nothing', () => null);
const millrace = await Millrace.open({ store: url, workflows: [nothing] });
const server = await openServer(
  {
    tenants: createTenants(new Map([['default', millrace]])),
    doorkeeper: openDoor('default'),
    version: 'bench',
    uuid: () => crypto.randomUUID(),
    maxBodyBytes: 1_048_576,
    reportBug: (error) => console.error(error),
  },
  { host: '127.0.0.1', port: 0 },
);

const EVERY_MS = 20;

const ACTS = {
  address: () => server.url,
  /** Starts runs at an even pace; each makes two events, and is over at once. */
  async start({ perSecond, forMs }) {
    const cpu = processCpuMs(process.pid);
    const begunAt = now();
    let [started, highestMb] = [0, 0];
    while (now() - begunAt < forMs) {
      const due = Math.floor(((now() - begunAt) / 1_000) * perSecond) - started;
      if (due > 0)
        await millrace.startMany(Array.from({ length: due }, () => ({ workflow: nothing, input: null })));
      started += due;
      highestMb = Math.max(highestMb, residentMb(process.pid));
      await sleep(EVERY_MS);
    }
    const ms = now() - begunAt;
    return { started, ms, highestMb, cpus: (processCpuMs(process.pid) - cpu) / ms };
  },
};

serveActs(millrace, ACTS);
