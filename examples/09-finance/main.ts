import { readFileSync } from 'node:fs';
import { Millrace } from 'millrace';
import { createBank } from './bank.ts';
import { OPENING, executorsOf } from './executors.ts';

const bank = createBank(OPENING);
const millrace = await Millrace.open({ store: 'sqlite::memory:', executors: executorsOf(bank) });
const file = new URL('transfer.yaml', import.meta.url);
await millrace.deploy(readFileSync(file, 'utf8'), { file: 'transfer.yaml' });

interface Story {
  readonly transfer: { id: string; from: string; to: string; amount: number; requestedBy: string };
  /** Who approves, one after the other. */
  readonly approvals?: readonly string[];
}

const stories: readonly Story[] = [
  { transfer: { id: 't1', from: 'DE-ada', to: 'FR-bob', amount: 120, requestedBy: 'ada' } },
  {
    transfer: { id: 't2', from: 'DE-ada', to: 'PT-eve', amount: 3_000, requestedBy: 'ada' },
    approvals: ['carol', 'dan'],
  },
  {
    transfer: { id: 't3', from: 'DE-ada', to: 'PT-eve', amount: 4_000, requestedBy: 'ada' },
    approvals: ['carol', 'carol'],
  },
  { transfer: { id: 't4', from: 'FR-bob', to: 'PT-eve', amount: 50_000, requestedBy: 'bob' } },
  { transfer: { id: 't5', from: 'DE-ada', to: 'XX-mallory', amount: 10, requestedBy: 'ada' } },
];

for (const story of stories) {
  // oxlint-disable-next-line no-await-in-loop -- so that they are told in order
  await tell(story);
}
console.log('money in the bank, before and after:', sum(Object.values(OPENING)), bank.total());
await millrace.close();

async function tell({ transfer, approvals = [] }: Story): Promise<void> {
  const { id, from, to, amount } = transfer;
  const run = await millrace.start('transfer', transfer, { key: id });
  for (const by of approvals) {
    // oxlint-disable-next-line no-await-in-loop -- the first approval comes first
    await run.signal('approve', { by });
  }
  const end = await run.result().then(
    (output) => JSON.stringify(output),
    ({ cause }: Error) => `failed: ${(cause as Error).message}`,
  );
  console.log(`${id}: ${from} to ${to}, ${amount}: ${end}`);
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((total, amount) => total + amount, 0);
}
