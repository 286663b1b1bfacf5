import { Millrace, workflow, type RunLock } from 'millrace';

/** What is protected remembers the greatest token that it has seen: that is what makes a lock safe. */
const shelf = { greatest: 0, boxes: 0 };
function put(token: number, who: string): void {
  if (token < shelf.greatest) throw new Error(`${who} came with token ${token}, after ${shelf.greatest}`);
  shelf.greatest = token;
  shelf.boxes += 1;
  console.log(`${who} put box ${shelf.boxes} there, with token ${token}`);
}

// A run holds a lock over sleeps and crashes, until it releases it, ends, or the timeout is over.
const stock = workflow('stock', { version: 1 }, async (ctx, truck: string) => {
  const lock: RunLock = await ctx.lock('shelf', { timeout: '1 minute', waitFor: '10 seconds' });
  await ctx.step('first box', () => put(lock.token, truck));
  await ctx.sleep('200 ms');
  await ctx.step('second box', () => put(lock.token, truck));
  await lock.release();
});

const millrace = await Millrace.open({ store: 'sqlite::memory:', workflows: [stock] });
const runs = await Promise.all(['truck 1', 'truck 2'].map((truck) => millrace.start(stock, truck)));

// A process holds a lock while a function runs; it is renewed for as long as the process lives.
await millrace.lock('shelf', async ({ token }) => put(token, 'the manager'));

await Promise.all(runs.map((run) => run.result()));
console.log(await millrace.locks());

// By hand: somebody else takes it, and the former holder learns it and is refused.
const lock = await millrace.lock('shelf', { timeout: '1 second' });
await millrace.releaseLock('shelf');
await millrace.lock('shelf', ({ token }) => put(token, 'the successor'));
try {
  put(lock.token, 'the former holder');
} catch (error) {
  console.log((error as Error).message);
}
await new Promise((resolve) => lock.signal.addEventListener('abort', resolve));
console.log((lock.signal.reason as Error).message);
await millrace.close();
