import type { House, RunPage } from './house.ts';

/** A page of a list looks at so many runs and no more: it may be short although there are others. This one goes on. */
export async function filledPage(house: House, filter: Parameters<House['runs']>[0]): Promise<RunPage> {
  const items: RunPage['items'][number][] = [];
  let { cursor } = filter;
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await house.runs({ ...filter, limit: filter.limit - items.length, cursor });
    items.push(...page.items);
    if (page.nextCursor === null || items.length >= filter.limit)
      return { items, nextCursor: page.nextCursor };
    cursor = page.nextCursor;
  }
}
