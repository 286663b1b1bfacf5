/** A part of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** The `cursor` of the next page; null: this is the last. */
  readonly nextCursor: string | null;
}

/** A list that is read as far as somebody reads it: `for await (const run of client.runs())`. */
export interface Pages<T> extends AsyncIterable<T> {
  /** One page: the first, or the one that a cursor begins. */
  page(cursor?: string): Promise<Page<T>>;
  /** Page by page. */
  pages(): AsyncIterable<Page<T>>;
}

/** @param read - asks the server for one page. */
export function pagesOf<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Pages<T> {
  async function* pages(): AsyncGenerator<Page<T>, void, void> {
    for (let cursor: string | undefined; ;) {
      // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
      const page = await read(cursor);
      yield page;
      if (page.nextCursor === null) return;
      cursor = page.nextCursor;
    }
  }
  return {
    page: read,
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const { items } of pages()) yield* items;
    },
  };
}
