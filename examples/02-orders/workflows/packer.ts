import { isMillraceError, signal, workflow } from 'millrace';
import { isDamaged } from '../file/verdict.ts';
import { desk } from './desk.ts';
import type { Holder } from '../stock/shelves.ts';

/** What lies on the packer's bench: an order to pack, or word that none will come any more. */
export type Job = { kind: 'pack'; of: Holder; invoiceNo: string; units: number } | { kind: 'close' };

export interface Shift {
  day: string;
  packed: number;
  damaged: number;
}

export interface Parcel {
  boxes: number;
}

export const bench = signal<Job>('bench');
export const packed = signal<Parcel>('packed');

const JOBS_PER_RUN = 50;
const UNITS_PER_BOX = 100;

/**
 * The packing room: takes one order after the other from its bench. A run's history is bounded, so after
 * fifty orders it goes on as its own successor; orders that still lie on the bench go with it.
 */
export const packer = workflow('packer', { version: 1 }, async (ctx, shift: Shift): Promise<Shift> => {
  const done = { ...shift };
  for (let jobs = 0; jobs < JOBS_PER_RUN; jobs++) {
    const job = await ctx.waitForSignal(bench);
    if (job.kind === 'close') return done;
    const intact = await ctx.step('pack', () => pack(job));
    if (intact) done.packed++;
    else done.damaged++;
  }
  return ctx.continueAsNew(done);
});

/**
 * Packs an order, or calls it off because its goods are broken: its compensations then undo what was done for
 * it.
 */
async function pack({ of, invoiceNo, units }: Extract<Job, { kind: 'pack' }>): Promise<boolean> {
  const order = (await desk()).run({ key: of.order });
  const intact = !isDamaged(invoiceNo);
  try {
    if (intact) await order.signal(packed, { boxes: Math.ceil(units / UNITS_PER_BOX) }, { id: 'packed' });
    else await order.cancel('goods damaged');
  } catch (error) {
    // An earlier attempt got through before a crash, or somebody else called the order off.
    if (!isMillraceError(error, 'RUN_CLOSED')) throw error;
  }
  return intact;
}

export function packerKey(day: string): string {
  return `packer-${day}`;
}
