import { Millrace, isolated, workflow } from 'millrace';

const SLICES = 8;

// The slices are computed side by side in worker processes; each result is recorded once.
const primes = workflow('primes', { version: 1 }, async (ctx, below: number) => {
  const width = Math.ceil(below / SLICES);
  const slices = Array.from({ length: SLICES }, (_, at) =>
    ctx.call<number>('primes.count', { from: at * width, to: Math.min(below, (at + 1) * width) }),
  );
  const counts = await Promise.all(slices);
  return counts.reduce((sum, count) => sum + count, 0);
});

const millrace = await Millrace.open({
  store: 'sqlite::memory:',
  workflows: [primes],
  executors: {
    'primes.count': isolated(new URL('./count-primes.ts', import.meta.url), { export: 'countPrimes' }),
  },
  pool: { min: 2, max: 4, memoryMb: 128 },
});
const run = await millrace.start(primes, 2_000_000);
console.log(`${await run.result()} primes`);
console.log(millrace.pool());
await millrace.close();
