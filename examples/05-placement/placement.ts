import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Millrace, workflow, type StartOptions } from 'millrace';

const BEAT_MS = 250;
const folder = mkdtempSync(join(tmpdir(), 'millrace-placement-'));
const store = `file:${join(folder, 'millrace.db')}`;

/** Three engines in one process; usually each is a process, or a machine. Their runs say where they were. */
function engine(name: string, region: string, weight: number): Promise<Millrace> {
  const where = workflow('where', (_ctx, _input: number) => name);
  return Millrace.open({ store, name, region, weight, workflows: [where], beat: BEAT_MS });
}
const ada = await engine('ada', 'eu-west-1', 3);
const bob = await engine('bob', 'eu-north-1', 2);
const eve = await engine('eve', 'us-east-1', 1);
const client = await Millrace.open({ store, work: false });

/** Starts runs one after the other, each from one engine; how many every engine executed. */
async function deal(from: Millrace, options: (at: number) => StartOptions = () => ({})): Promise<string> {
  const counts = new Map([ada, bob, eve].map((one) => [one.engine?.options.name, 0]));
  for (let at = 0; at < 24; at++) {
    const run = await from.start({ name: 'where', version: '1' }, at, options(at));
    const name = String(await run.result());
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ');
}

/** Every engine follows with its next beat. */
async function follow(...strategy: Parameters<Millrace['setStrategy']>): Promise<void> {
  await client.setStrategy(...strategy);
  await pause(3 * BEAT_MS);
}

await follow('round-robin', { shadow: 'locality' });
console.log('round-robin:', await deal(ada));
await pause(2 * BEAT_MS);
console.log('in its shadow:', (await client.strategy()).comparison);

await follow('weighted-round-robin');
console.log('weighted-round-robin:', await deal(ada));

await follow('geographic');
console.log('geographic, from ada:', await deal(ada));
console.log('geographic, for us-east-2:', await deal(ada, () => ({ near: 'us-east-2' })));

await follow('affinity', { queues: { bulk: 'round-robin' } });
const customer = (at: number): StartOptions => ({ key: `customer ${at % 6}`, reuse: 'allow' });
console.log('affinity, six customers:', await deal(eve, customer));
console.log('its queue bulk:', await deal(eve, () => ({ queue: 'bulk' })));

const choice = await client.selectInstance({ workflow: { name: 'where', version: '1' }, key: 'customer 0' });
console.log('customer 0:', choice.reason);

await Promise.all([ada, bob, eve, client].map((one) => one.close()));
rmSync(folder, { recursive: true, force: true });
