import { Millrace, isolated, workflow } from '../../src/index.ts';

/* An engine with two workers, of which one blocks its loop for an hour. Says their pids, and is to be killed. */
const block = isolated(new URL('./jobs.ts', import.meta.url), { export: 'block' });
const long = workflow('long', (ctx) => ctx.call('block', { ms: 3_600_000 }));
const millrace = await Millrace.open({ store: 'sqlite::memory:', workflows: [long], executors: { block } });
await millrace.start(long, undefined);
setInterval(() => {
  const { workers = [] } = millrace.pool() ?? {};
  if (workers.some(({ state, cpu = 0 }) => state === 'busy' && cpu > 0.1)) {
    process.stdout.write(`${JSON.stringify(workers.map(({ pid }) => pid))}\n`);
  }
}, 50);
