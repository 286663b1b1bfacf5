import { describe, expect, it } from 'vitest';
import { millrace, type World } from '../../../../testbed/cli/fake-terminal.ts';
import { workplace, type Workplace } from '../../../../testbed/cli/workplace.ts';

const ORDER = `
workflow: order
version: 1
input: { type: object, required: [id] }
nodes:
  reserve: { executor: stock.reserve, with: { id: "\${ input.id }" } }
  charge: { needs: [reserve], executor: stock.charge, retry: { maxAttempts: 1 } }
  rare: { needs: [reserve], when: "\${ input.id > 100 }", value: 1 }
output: { charged: "\${ nodes.charge.output }" }
`;
const EXECUTORS = `
export let calls = [];
export const executors = {
  'stock.reserve': (input) => (globalThis.reserved = (globalThis.reserved ?? 0) + 1, input.id),
  'stock.charge': () => { if (globalThis.broken) throw new Error('no money'); return 'yes'; },
};
`;

async function run(place: Workplace, args: readonly string[], world: World = {}) {
  const file = place.write('order.yaml', ORDER);
  const module = place.write('executors.mjs', EXECUTORS);
  return millrace(['run', file, '--executors', module, '--store', place.store, ...args], world);
}

describe('run FILE.yaml', () => {
  it('runs a definition with the executors of a module, and prints its output', async () => {
    using place = workplace();
    const outcome = await run(place, ['--input', '{"id":7}']);
    expect(outcome).toMatchObject({ status: 0, out: '{\n  "charged": "yes"\n}' });
    expect(outcome.err).toMatch(/order version 1[^]*✓ step reserve[^]*✓ step charge[^]*completed/);
  });

  it('refuses input and definitions before a store is made', async () => {
    using place = workplace();
    const refused = await run(place, ['--input', '{}']);
    expect(refused).toMatchObject({ status: 2, out: '' });
    expect(refused.err).toMatch(/id/);
    expect(await millrace(['definitions', '--store', place.store])).toMatchObject({ status: 5 });
  });

  it('goes on at the nodes that were not finished when it is run again with its key', async () => {
    using place = workplace();
    Object.assign(globalThis, { reserved: 0, broken: true });
    const args = ['--input', '{"id":7}', '--key', 'k', '--json'];
    const failed = await run(place, args);
    expect(failed).toMatchObject({ status: 4 });
    Object.assign(globalThis, { broken: false });
    expect(await millrace(['retry', 'key:k', '--store', place.store])).toMatchObject({ status: 0 });
    const again = await run(place, args);
    expect(JSON.parse(again.out)).toMatchObject({ status: 'completed', output: { charged: 'yes' } });
    expect(again.err).toMatch(/resumed after \d+ events/);
    expect(Reflect.get(globalThis, 'reserved')).toBe(1);
  });

  it('may be changed and run again while none of its runs is open', async () => {
    using place = workplace();
    await run(place, ['--input', '{"id":7}']);
    const changed = place.write('changed.yaml', ORDER.replace('charged:', 'paid:'));
    const module = place.write('executors.mjs', EXECUTORS);
    const args = ['--executors', module, '--store', place.store, '--input', '{"id":7}'];
    expect(await millrace(['run', changed, ...args])).toMatchObject({
      status: 0,
      out: '{\n  "paid": "yes"\n}',
    });
    expect(await millrace(['deploy', changed, '--store', place.store])).toMatchObject({ status: 0 });
    const refused = await run(place, ['--input', '{"id":7}']);
    expect(refused).toMatchObject({ status: 1, out: '' });
    expect(refused.err).toMatch(/version 1 of definition "order" exists with other content[^]*output/);
  });

  it('runs what is deployed by its name', async () => {
    using place = workplace();
    const file = place.write('hello.yaml', 'workflow: hello\nversion: 3\nnodes: { a: { value: 1 } }\n');
    await millrace(['migrate', '--store', place.store]);
    await millrace(['deploy', file, '--store', place.store]);
    const outcome = await millrace(['run', 'hello', '--store', place.store]);
    expect(outcome).toMatchObject({ status: 0, out: '{\n  "a": 1\n}' });
    expect(outcome.err).toMatch(/hello version 3/);
    expect(await millrace(['run', 'helo', '--store', place.store])).toMatchObject({
      status: 3,
      err: expect.stringMatching(/Did you mean "hello"/) as string,
    });
  });

  it('draws its nodes on a terminal, and leaves them there', async () => {
    using place = workplace();
    const drawn: string[] = [];
    const screen = {
      size: () => ({ rows: 24, columns: 80 }),
      write: (text: string) => void drawn.push(text),
    };
    const outcome = await run(place, ['--input', '{"id":7}'], { screen });
    expect(outcome.status).toBe(0);
    expect(outcome.err).not.toMatch(/✓ step/);
    const last = drawn.at(-1) ?? '';
    expect(last).toMatch(/3 of 3 nodes have ended/);
    expect(last).toMatch(/✓ +reserve +completed/);
    expect(last).toMatch(/– +rare +skipped/);
  });
});
