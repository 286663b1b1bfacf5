import { workflow } from 'millrace';
import { dayName, type Holder } from '../stock/shelves.ts';
import { stockIn, type Tx } from '../stock/stock.ts';

/** In the morning: fills the shelves. Its output is the name under which this round of the day goes. */
export const openShop = workflow(
  'open-shop',
  { version: 1 },
  async (ctx, { date, opening }: { date: string; opening: Record<string, number> }) => {
    const round = await ctx.transaction('fill the shelves', (tx: Tx) => stockIn(tx).open(date, opening));
    return dayName(date, round);
  },
);

/** The undo of a reservation. */
export const releaseStock = workflow('release-stock', { version: 1 }, (ctx, of: Holder) =>
  ctx.transaction('release', (tx: Tx) => stockIn(tx).release(of)),
);

/** In the evening: counts what is there. */
export const countStock = workflow('count-stock', { version: 1 }, (ctx, day: string) =>
  ctx.transaction('count', (tx: Tx) => stockIn(tx).count(day)),
);
