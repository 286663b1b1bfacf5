/* What the compiler knows of workflows from outside. Nothing here runs; it compiles, or the gate fails. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { signal, workflow, type InputOf, type Millrace, type OutputOf, type Run } from '../src/index.ts';
import { exactly } from './exactly.ts';

interface Order {
  id: number;
  lines?: readonly string[];
}
const order = workflow('order', { version: 1 }, async (_ctx, { id }: Order) => ({ id, total: 17n }));
const plain = workflow('plain', (_ctx, n: number) => `${n}`);
const silent = workflow('silent', async () => {});

export async function inputAndOutput(millrace: Millrace): Promise<void> {
  exactly<Order>()(null as unknown as InputOf<typeof order>);
  exactly<{ id: number; total: bigint }>()(null as unknown as OutputOf<typeof order>);
  exactly<string>()(null as unknown as OutputOf<typeof plain>);

  const run = await millrace.start(order, { id: 17 }, { key: 'k', priority: 'high', delay: '3 days' });
  exactly<Run<{ id: number; total: bigint }>>()(run);
  exactly<{ id: number; total: bigint }>()(await run.result());
  exactly<string>()(await (await millrace.start(plain, 1)).result());
  exactly<void>()(await (await millrace.start(silent, undefined)).result());

  // @ts-expect-error the input is of another type
  await millrace.start(order, { id: 'seventeen' });
  // @ts-expect-error the input is missing
  await millrace.start(order);
  // @ts-expect-error no such priority
  await millrace.start(plain, 1, { priority: 'urgent' });
  // @ts-expect-error no such option
  await millrace.start(plain, 1, { prority: 'high' });
  // @ts-expect-error no such reuse
  await millrace.start(plain, 1, { reuse: 'sometimes' });
  // @ts-expect-error not a duration
  await millrace.start(plain, 1, { timeout: 'a while' });
  // @ts-expect-error not a workflow
  await millrace.start(17, { id: 17 });
}

export async function ofOtherEngines(millrace: Millrace): Promise<void> {
  const named = await millrace.start('elsewhere', { any: 'input' });
  exactly<unknown>()(await named.result());
  const run = await millrace.start({ name: 'elsewhere', version: '1' }, { any: 'input' });
  exactly<unknown>()(await run.result());
}

export async function many(millrace: Millrace): Promise<void> {
  const runs = await millrace.startMany([
    { workflow: plain, input: 1, tags: ['a'] },
    { workflow: plain, input: 2 },
  ]);
  exactly<Run<string>[]>()(runs);
  // @ts-expect-error one input is of another type
  await millrace.startMany([{ workflow: plain, input: 'one' }]);
  // @ts-expect-error a transaction is of one start
  await millrace.startMany([{ workflow: plain, input: 1, transaction: {} }]);
}

export async function handles(millrace: Millrace): Promise<void> {
  const approved = signal<{ by: string }>('approved');
  const run = millrace.run<number>('0199b0a0-0000-7000-8000-000000000001');
  exactly<number>()(await run.result({ timeout: '30s' }));
  exactly<unknown>()(await millrace.run({ key: 'k' }).result());

  await run.signal(approved, { by: 'Ada' });
  await run.signal('anything', { goes: true }, { id: 'once' });
  await run.signal('nothing');
  // @ts-expect-error the payload is of another type
  await run.signal(approved, { by: 17 });
  // @ts-expect-error the payload is missing
  await run.signal(approved);

  exactly<boolean>()(await run.update<boolean>('approve', { by: 'Ada' }));
  exactly<unknown>()(await run.update('approve'));
  exactly<number | undefined>()(await run.published<number>('progress'));
  // @ts-expect-error a name is needed
  await run.update();
}

export async function withSignal(millrace: Millrace): Promise<void> {
  const approved = signal<boolean>('approved');
  exactly<Run<string>>()(
    await millrace.signalWithStart(plain, 1, { key: 'k', signal: approved, payload: true }),
  );
  // @ts-expect-error a key is needed
  await millrace.signalWithStart(plain, 1, { signal: approved, payload: true });
  // @ts-expect-error the payload is of another type
  await millrace.signalWithStart(plain, 1, { key: 'k', signal: approved, payload: 'yes' });
}

/** A schema written by hand: it takes anything and gives an order. */
const schema: StandardSchemaV1<unknown, Order> = {
  '~standard': { version: 1, vendor: 'hand', validate: (value) => ({ value: value as Order }) },
};

export async function schemas(millrace: Millrace): Promise<void> {
  const checked = workflow(
    'checked',
    { input: schema, timeout: '1h', maxEvents: 100 },
    async (_ctx, input) => {
      exactly<Order>()(input);
      return input.id;
    },
  );
  exactly<Order>()(null as unknown as InputOf<typeof checked>);
  exactly<number>()(await (await millrace.start(checked, { id: 17 })).result());
  // @ts-expect-error the schema gives something else
  workflow('other', { input: schema }, async (_ctx, input: { name: string }) => input);
  // @ts-expect-error not a Standard Schema
  workflow('none', { input: { parse: () => 1 } }, async () => 1);
  // @ts-expect-error no such option
  workflow('none', { verison: 1 }, async () => 1);
  // @ts-expect-error a function is needed
  workflow('none', { version: 1 });
}
