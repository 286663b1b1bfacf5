import { FlowProducer, Queue, QueueEvents, Worker } from 'bullmq';
import Redis from 'ioredis';

/*
 * BullMQ on Redis, a job queue: one step is one job; steps in sequence are a chain of nested flow children; a
 * fan-out is a flow of children with a parent. Redis syncs its log once a second, so a power cut may lose a
 * second.
 */

const QUEUE = 'bench';
const CONCURRENCY = 100;
const SLEEP_MS = 5000;
const LENGTH = { ten: 10, hundred: 100 };
const JOB = { removeOnComplete: true };

const connectionOf = (place) => ({ host: '127.0.0.1', port: place.redisPort, maxRetriesPerRequest: null });
const doneKey = (workflow) => `done:${workflow}`;

export async function work(place, trace) {
  const counter = new Redis(connectionOf(place));
  const handle = async ({ name, data }) => {
    if (name === 'sleeper') trace.late(data.id, Date.now() - data.dueAt);
    else if (name === 'ten') trace.step(data.id, data.index);
    if (data.last) await counter.incr(doneKey(name));
    return 1;
  };
  const worker = new Worker(QUEUE, handle, { connection: connectionOf(place), concurrency: CONCURRENCY });
  await worker.waitUntilReady();
  return {};
}

export async function connect(place) {
  const connection = connectionOf(place);
  const queue = new Queue(QUEUE, { connection });
  const flows = new FlowProducer({ connection });
  const events = new QueueEvents(QUEUE, { connection });
  const counter = new Redis(connection);
  await events.waitUntilReady();
  return {
    async start(workflow, from, count) {
      if (workflow === 'fan') await flows.add(fanFlow());
      else if (LENGTH[workflow] === undefined) await addJobs(queue, { workflow, from, count });
      else await addChains(flows, { workflow, from, count });
    },
    done: async (workflow) => Number((await counter.get(doneKey(workflow))) ?? 0),
    async call() {
      const job = await queue.add('ping', {}, { removeOnComplete: 1000 });
      await job.waitUntilFinished(events);
    },
    async close() {
      counter.disconnect();
      await Promise.all([queue.close(), flows.close(), events.close()]);
    },
  };
}

async function addJobs(queue, { workflow, from, count }) {
  const opts = workflow === 'sleeper' ? { ...JOB, delay: SLEEP_MS } : JOB;
  await inBatches(500, count, (first, size) =>
    queue.addBulk(
      Array.from({ length: size }, (_, index) => ({
        name: workflow,
        data: { id: `i${from + first + index}`, last: true, dueAt: Date.now() + SLEEP_MS },
        opts,
      })),
    ),
  );
}

async function addChains(flows, { workflow, from, count }) {
  await inBatches(50, count, (first, size) =>
    flows.addBulk(
      Array.from({ length: size }, (_, index) =>
        chain(workflow, LENGTH[workflow], `i${from + first + index}`),
      ),
    ),
  );
}

/** Steps one after the other: the innermost child goes first, its parent next. */
function chain(name, length, id) {
  let flow;
  for (let index = 0; index < length; index++) {
    const data = { id, index, last: index === length - 1 };
    flow = { name, queueName: QUEUE, data, opts: JOB, children: flow === undefined ? [] : [flow] };
  }
  return flow;
}

function fanFlow() {
  const leaf = { name: 'leaf', queueName: QUEUE, data: {}, opts: JOB };
  return {
    name: 'fan',
    queueName: QUEUE,
    data: { last: true },
    opts: JOB,
    children: Array.from({ length: 1000 }, () => ({ ...leaf })),
  };
}

async function inBatches(most, count, act) {
  for (let first = 0; first < count; first += most) await act(first, Math.min(most, count - first));
}
