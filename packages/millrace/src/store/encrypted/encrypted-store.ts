import type { PayloadKey } from '../../core/payload/payload-keys.ts';
import type { InboxRow, RunRow, Store } from '../port/store.ts';
import { Keyring } from './keyring.ts';
import { isToKey, Seals } from './seals.ts';

/**
 * The same store, whose payloads are encrypted on their way in and opened on their way out: histories, messages, lines
 * of logs, and what runs wait for. All runs that go through it are of `namespace`. What is stored as plain text stays
 * readable: what was written before there were keys, and the messages of locks, which the store itself completes.
 */
export function encryptedStore(store: Store, keys: readonly PayloadKey[], namespace: string): Store {
  const [first, ...others] = keys;
  if (first === undefined) return store;
  const seals = new Seals(new Keyring([first, ...others]), namespace);
  const calls: Partial<Store> = { ...writes(store, seals), ...reads(store, seals) };
  return new Proxy(store, {
    get: (target, name) => Reflect.get(name in calls ? calls : target, name) as unknown,
  });
}

function writes(store: Store, seals: Seals) {
  return {
    startRuns: (requests, transaction) =>
      store.startRuns(
        requests.map((request) => seals.start(request)),
        transaction,
      ),
    commit: (plans) => store.commit(plans.map((plan) => seals.plan(plan))),
    deliver: (messages, adopter) =>
      store.deliver(
        messages.map((message) => seals.messageTo(message)),
        adopter,
      ),
    transact: (body, plan) => store.transact(body, (value) => seals.plan(plan(value))),
    recordPaused: (record) => {
      const { runId, seq, history } = record;
      return store.recordPaused({ ...record, history: history && seals.chunk(runId, seq, history) });
    },
    reopen: (request) => {
      const { runId, seq, history } = request;
      return store.reopen({ ...request, history: history && seals.chunk(runId, seq, history) });
    },
    appendLines: (batch, lines) =>
      store.appendLines(
        batch,
        lines.map((line) => seals.line(line)),
      ),
  } satisfies Partial<Store>;
}

/** What a store answers is the caller's own: it is opened in place. */
function reads(store: Store, seals: Seals) {
  const openRow = (row: RunRow): void => {
    const { runId, waits, firstChunk, lastChunk } = row;
    if (waits !== undefined) row.waits = seals.openWaits(runId, waits);
    // Of a history of one chunk the first may be the last, and the same object.
    for (const chunk of new Set([firstChunk, lastChunk]))
      if (chunk !== undefined) chunk.data = seals.openChunk(runId, chunk.seq, chunk.data);
  };
  const openInboxes = async (runs: readonly Inbox[]): Promise<void> => {
    const keys = await keysOf(store, runs);
    for (const { runId, inbox } of runs) {
      const to = { runId, key: keys.get(runId) };
      for (const row of inbox) row.body = seals.openMessage(to, row.dedup, row.body);
    }
  };
  return {
    claimRuns: async (request) => {
      const claimed = await store.claimRuns(request);
      for (const run of claimed) run.history &&= seals.openChunk(run.runId, 0, run.history);
      return claimed;
    },
    loadRuns: async (requests) => {
      const loaded = await store.loadRuns(requests);
      for (const { runId, chunks } of loaded) {
        for (const chunk of chunks) chunk.data = seals.openChunk(runId, chunk.seq, chunk.data);
      }
      await openInboxes(loaded);
      return loaded;
    },
    readRuns: async (refs, firsts) => {
      const rows = await store.readRuns(refs, firsts);
      for (const row of rows) if (row !== undefined) openRow(row);
      return rows;
    },
    listRuns: async (filter) => {
      const page = await store.listRuns(filter);
      for (const row of page.runs) openRow(row);
      return page;
    },
    readHistory: async (runId, fromSeq, limit) => {
      const chunks = await store.readHistory(runId, fromSeq, limit);
      for (const chunk of chunks) chunk.data = seals.openChunk(runId, chunk.seq, chunk.data);
      return chunks;
    },
    readInbox: async (runId) => {
      const inbox = await store.readInbox(runId);
      await openInboxes([{ runId, inbox }]);
      return inbox;
    },
    readLines: async (request) => {
      const page = await store.readLines(request);
      for (const line of page.lines) line.body = seals.openLine(request.runId, line);
      return page;
    },
  } satisfies Partial<Store>;
}

interface Inbox {
  readonly runId: string;
  readonly inbox: readonly InboxRow[];
}

/** The caller-given keys of those runs that have messages which were sent to a key. */
async function keysOf(store: Store, runs: readonly Inbox[]): Promise<ReadonlyMap<string, string>> {
  const asked = runs.filter(({ inbox }) => inbox.some(({ body }) => isToKey(body)));
  if (asked.length === 0) return new Map();
  const rows = await store.readRuns(asked.map(({ runId }) => ({ runId })));
  return new Map(rows.flatMap((row) => (row?.key === undefined ? [] : [[row.runId, row.key]])));
}
