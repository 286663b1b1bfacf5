import { expect } from 'vitest';
import {
  type AppendedLine,
  type LinePage,
  type LinesRequest,
  MAX_LINE_BYTES,
  MAX_LINES,
  MAX_LOG_BYTES,
  MAX_LOG_LINES,
} from '../../port/runs/lines.ts';
import type { Store } from '../../port/store.ts';
import { newId, startQueued } from '../samples.ts';
import type { Promises } from '../subject.ts';

const REFUSED = { name: 'StoreError', failure: 'definite' };
const HOUR_MS = 3_600_000;

let batches = 0;

function line(runId: string, text: string, at = 5): AppendedLine {
  return { runId, at, body: Buffer.from(`{"${text}":1}`) };
}

function append(store: Store, ...lines: AppendedLine[]): Promise<void> {
  return store.appendLines(++batches, lines);
}

async function read(store: Store, runId: string, more: Partial<LinesRequest> = {}) {
  return store.readLines({ runId, after: 0, limit: 1_000, ...more });
}

function texts({ lines }: LinePage): string[] {
  return lines.map(
    ({ seq, body }) => `${seq} ${Object.keys(JSON.parse(Buffer.from(body).toString()) as object).join()}`,
  );
}

/** Batch after batch, each with a line for each of these runs. */
async function write(by: Store, name: string, runs: readonly string[]): Promise<void> {
  for (let at = 0; at < 20; at++)
    // oxlint-disable-next-line no-await-in-loop -- batch after batch
    await append(by, ...runs.map((runId) => line(runId, `${name}${at}`)));
}

export const linePromises: Promises = {
  'lines are read back as they were written, by anybody': async ({ store, second }) => {
    const [runId, other] = [newId(), newId()];
    const body = Buffer.from([0, 255, 0x7b, 10]);
    await append(store, { runId, at: 1_000, body }, line(other, 'b'), line(runId, 'ä😀', 2_000));
    const { lines, kept, dropped } = await read(second, runId);
    expect(lines.map((stored) => ({ ...stored, body: Buffer.from(stored.body) }))).toEqual([
      { seq: 1, at: 1_000, body },
      { seq: 2, at: 2_000, body: Buffer.from('{"ä😀":1}') },
    ]);
    expect([kept, dropped]).toEqual([2, 0]);
    expect(texts(await read(second, other))).toEqual(['1 b']);
    expect(await read(second, newId())).toEqual({ lines: [], kept: 0, dropped: 0 });
  },
  'pages follow each other, and a tail begins before the end': async ({ store }) => {
    const runId = newId();
    await append(store, line(runId, 'a'), line(runId, 'b'));
    await append(store, line(runId, 'c'));
    expect(texts(await read(store, runId, { limit: 2 }))).toEqual(['1 a', '2 b']);
    expect(texts(await read(store, runId, { after: 2 }))).toEqual(['3 c']);
    expect(texts(await read(store, runId, { after: 3 }))).toEqual([]);
    expect(texts(await read(store, runId, { tail: 2 }))).toEqual(['2 b', '3 c']);
    expect(texts(await read(store, runId, { tail: 2, after: 2 }))).toEqual(['3 c']);
    expect(texts(await read(store, runId, { tail: 9 }))).toHaveLength(3);
    expect((await read(store, runId, { limit: 1, after: 3 })).kept, 'also of a page of none').toBe(3);
  },
  'the batch that came last is not taken twice': async ({ store, second }) => {
    const [first, other] = [newId(), newId()];
    const batch = ++batches;
    const lines = [line(first, 'a'), line(other, 'b'), line(first, 'c')];
    await store.appendLines(batch, lines);
    await second.appendLines(batch, lines);
    expect(texts(await read(store, first))).toEqual(['1 a', '2 c']);
    expect(texts(await read(store, other))).toEqual(['1 b']);
    await append(store, line(first, 'd'));
    expect(texts(await read(store, first))).toEqual(['1 a', '2 c', '3 d']);
  },
  'writers of one log number its lines without a gap': async ({ store, second }) => {
    const runs = [newId(), newId(), newId()];
    await Promise.all([write(store, 'a', runs), write(second, 'b', runs.toReversed())]);
    for (const runId of runs) {
      // oxlint-disable-next-line no-await-in-loop -- log after log
      const { lines, kept } = await read(store, runId);
      expect(kept).toBe(40);
      expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
    }
    const own = texts(await read(store, runs[0] as string)).map((text) => text.split(' ')[1] as string);
    expect(
      own.filter((text) => text.startsWith('a')),
      'each in its order',
    ).toEqual(Array.from({ length: 20 }, (_, at) => `a${at}`));
  },
  'a log that is full keeps its beginning, and counts the rest': async ({ store }) => {
    const runId = newId();
    for (let at = 0; at < MAX_LOG_LINES - 5; at += MAX_LINES)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await append(
        store,
        ...Array.from({ length: Math.min(MAX_LINES, MAX_LOG_LINES - 5 - at) }, () => line(runId, 'a')),
      );
    await append(store, ...Array.from({ length: 8 }, () => line(runId, 'b')));
    await append(store, line(runId, 'c'));
    const page = await read(store, runId, { after: MAX_LOG_LINES - 7 });
    expect(texts(page).map((text) => text.split(' ')[1])).toEqual(['a', 'a', 'b', 'b', 'b', 'b', 'b']);
    expect([page.kept, page.dropped]).toEqual([MAX_LOG_LINES, 4]);
  },
  'a log has so many bytes': async ({ store }) => {
    const [runId, other] = [newId(), newId()];
    // A little is added to each where they are sealed.
    const size = MAX_LINE_BYTES - 1_000;
    const large = (): AppendedLine => ({ runId, at: 1, body: Buffer.alloc(size, 0x7b) });
    const fit = Math.floor(MAX_LOG_BYTES / size);
    await append(store, ...Array.from({ length: fit }, large));
    await append(store, large(), line(runId, 'after it'), line(other, 'fine'));
    const { kept, dropped } = await read(store, runId, { limit: 1 });
    expect([kept, dropped]).toEqual([fit, 2]);
    expect(texts(await read(store, other))).toEqual(['1 fine']);
  },
  'logs that nobody writes to any more are deleted, the oldest first': async ({ store, clock }) => {
    const [old, older, busy] = [newId(), newId(), newId()];
    await append(store, line(older, 'a'), line(busy, 'a'));
    clock.advance(2 * HOUR_MS);
    await append(store, line(old, 'b'));
    clock.advance(2 * HOUR_MS);
    await append(store, line(busy, 'c'));
    expect(await store.pruneLines({ logMs: 8 * HOUR_MS, limit: 10 })).toBe(0);
    clock.advance(2 * HOUR_MS);
    expect(await store.pruneLines({ logMs: 3 * HOUR_MS, limit: 1 })).toBe(1);
    expect(texts(await read(store, older))).toEqual([]);
    expect(texts(await read(store, old))).toEqual(['1 b']);
    expect(await store.pruneLines({ logMs: 3 * HOUR_MS, limit: 10 })).toBe(1);
    expect(await store.pruneLines({ logMs: 3 * HOUR_MS, limit: 10 })).toBe(0);
    expect(texts(await read(store, busy)), 'it goes on').toEqual(['1 a', '2 c']);
    await append(store, line(old, 'anew'));
    expect(texts(await read(store, old))).toEqual(['1 anew']);
  },
  'the log of an open run is kept, however long it says nothing, and its lines go on counting': async ({
    store,
    clock,
  }) => {
    const runId = await startQueued(store);
    await append(store, line(runId, 'a'));
    clock.advance(10 * HOUR_MS);
    expect(await store.pruneLines({ logMs: HOUR_MS, limit: 10 })).toBe(0);
    await append(store, line(runId, 'b'));
    expect(texts(await read(store, runId, { after: 1 }))).toEqual(['2 b']);
  },
  'too many lines at once, and one that is too long, are refused': async ({ store }) => {
    const runId = newId();
    const many = Array.from({ length: MAX_LINES + 1 }, () => line(runId, 'a'));
    await expect(append(store, ...many)).rejects.toMatchObject(REFUSED);
    const long = { runId, at: 1, body: new Uint8Array(MAX_LINE_BYTES + 1) };
    await expect(append(store, line(runId, 'a'), long)).rejects.toMatchObject(REFUSED);
    await append(store);
    expect(await read(store, runId)).toEqual({ lines: [], kept: 0, dropped: 0 });
  },
};
