import { afterAll, describe, expect, it } from 'vitest';
import { closeSubjects, openSubject } from '../../../testbed/postgres-subject.ts';
import { postgresUrl } from '../../../testbed/postgres-url.ts';
import { testKey } from '../../../testbed/sealed/sealed.ts';
import { openInMemory } from '../../../testbed/sqlite/sqlite-subject.ts';
import { flawIn, type Flaw } from '../../core/payload/unreadable.ts';
import { boot, bytes, planOf, SILENT, startOwned, text } from '../contract/samples.ts';
import type { Owned } from '../contract/samples.ts';
import type { Subject } from '../contract/subject.ts';
import type { Store } from '../port/store.ts';
import { encryptedStore } from './encrypted-store.ts';

/* What is copied, altered or cut off in the database is noticed, and told of that payload alone. */

const OLD = testKey('old');
const NEW = testKey('new');

/** A payload as it is read back: its text, or why there is none. */
type Read = string | Pick<Flaw, 'reason' | 'keyId'>;

function readOf(data: Uint8Array | undefined): Read {
  const flaw = flawIn(data);
  return flaw === undefined ? (text(data) ?? '').slice(1) : { reason: flaw.reason, keyId: flaw.keyId };
}

/** Ours begin with JSON. */
function payload(value: string): Uint8Array {
  return bytes(`{${value}`);
}

const ALTERED: Read = { reason: 'altered', keyId: 'old' };

/** A kind of payload: written through a store, read back through one, and bytes put in by whoever owns the database. */
interface Field {
  write(store: Store, run: Owned, value: string): Promise<void>;
  /** What stands in the database. */
  raw(store: Store, run: Owned): Promise<Uint8Array>;
  put(store: Store, run: Owned, data: Uint8Array): Promise<void>;
  read(store: Store, run: Owned): Promise<Read>;
}

async function lastChunk(store: Store, { runId }: Owned): Promise<Uint8Array> {
  const chunks = await store.readHistory(runId);
  return chunks.at(-1)?.data as Uint8Array;
}

async function lastMessage(store: Store, { runId }: Owned): Promise<Uint8Array> {
  const inbox = await store.readInbox(runId);
  return inbox.at(-1)?.body as Uint8Array;
}

async function waits(store: Store, { runId }: Owned): Promise<Uint8Array> {
  const [row] = await store.readRuns([{ runId }]);
  return row?.waits as Uint8Array;
}

const append = (store: Store, run: Owned, history: Uint8Array) =>
  store.commit([planOf(run, { kind: 'continue' }, { history })]);
const rest = (store: Store, run: Owned, what: Uint8Array) =>
  store.commit([
    planOf(run, { kind: 'suspend', inboxSeq: run.inboxSeq, wakeAt: undefined, waits: what }, SILENT),
  ]);
const send = (store: Store, { runId }: Owned, body: Uint8Array) =>
  store.deliver([{ target: { runId }, dedup: 'signal:1', body }]);

const FIELDS: Readonly<Record<string, Field>> = {
  history: {
    write: async (store, run, value) => void (await append(store, run, payload(value))),
    raw: lastChunk,
    put: async (store, run, data) => void (await append(store, run, data)),
    read: async (store, run) => readOf(await lastChunk(store, run)),
  },
  message: {
    write: async (store, run, value) => void (await send(store, run, payload(value))),
    raw: lastMessage,
    put: async (store, run, data) => void (await send(store, run, data)),
    read: async (store, run) => readOf(await lastMessage(store, run)),
  },
  waits: {
    write: async (store, run, value) => void (await rest(store, run, payload(value))),
    raw: waits,
    put: async (store, run, data) => void (await rest(store, run, data)),
    read: async (store, run) => readOf(await waits(store, run)),
  },
};

/** The store as its owner makes it: what is written is altered. */
function altering(store: Store, alter: (data: Uint8Array) => Uint8Array): Store {
  const calls: Partial<Store> = {
    commit: (plans) =>
      store.commit(
        plans.map(({ history, next, ...plan }) => ({
          ...plan,
          history: history && alter(history),
          next: 'waits' in next ? { ...next, waits: alter(next.waits) } : next,
        })),
      ),
    deliver: (messages) => store.deliver(messages.map((sent) => ({ ...sent, body: alter(sent.body) }))),
  };
  return new Proxy(store, {
    get: (target, name) => Reflect.get(name in calls ? calls : target, name) as unknown,
  });
}

function flipped(data: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(data);
  const place = at < 0 ? copy.length + at : at;
  copy[place] = (copy[place] as number) ^ 1;
  return copy;
}

/** What is done to bytes, and what readers are then told. */
const ALTERATIONS: readonly [string, (sealed: Uint8Array) => Uint8Array, Read][] = [
  ['nothing', (sealed) => sealed, 'secret'],
  ['a flip in the ciphertext', (sealed) => flipped(sealed, -20), ALTERED],
  ['a flip in the tag', (sealed) => flipped(sealed, -1), ALTERED],
  ['a flip in the nonce', (sealed) => flipped(sealed, 2 + 3 + 16 + 1), ALTERED],
  ['a flip in the salt', (sealed) => flipped(sealed, 2 + 3), ALTERED],
  ['a flip in what it is bound to', (sealed) => flipped(sealed, 2 + 3 + 16), ALTERED],
  ['a flip in the id of its key', (sealed) => flipped(sealed, 2), { reason: 'no-key', keyId: 'nld' }],
  ['the last byte cut off', (sealed) => sealed.subarray(0, -1), ALTERED],
  ['all but the head cut off', (sealed) => sealed.subarray(0, 5), ALTERED],
  ['all but the first byte cut off', (sealed) => sealed.subarray(0, 1), { reason: 'altered', keyId: '' }],
  ['a byte more', (sealed) => Uint8Array.from([...sealed, 0]), ALTERED],
];

const BACKENDS: readonly [string, boolean, () => Promise<Subject>][] = [
  ['SQLite', true, openInMemory],
  ['PostgreSQL', postgresUrl !== undefined, () => openSubject(postgresUrl ?? '')],
];

describe.each(BACKENDS)('a payload in %s', (_, isThere, open) => {
  afterAll(closeSubjects);

  async function scene(use: (parts: Scene) => Promise<void>): Promise<void> {
    const subject = await open();
    try {
      const { store } = subject;
      const sealed = (keys = [OLD], namespace = 'default') => encryptedStore(store, keys, namespace);
      const engineId = await boot(store);
      await use({
        store,
        sealed,
        start: () => startOwned(sealed(), engineId, { history: payload('started') }),
        engineId,
      });
    } finally {
      await subject.close();
    }
  }

  describe.skipIf(!isThere).each(Object.entries(FIELDS))('of the kind %s', (name, field) => {
    it.each(ALTERATIONS)('after %s', async (_what, alter, expected) => {
      await scene(async ({ store, sealed, start }) => {
        const [run, other] = [await start(), await start()];
        await field.write(encryptedStore(altering(store, alter), [OLD], 'default'), run, 'secret');
        expect(await field.read(sealed(), run)).toEqual(expected);
        await field.write(sealed(), other, 'other');
        expect(await field.read(sealed(), other)).toBe('other');
      });
    });

    it('of another run is refused', async () => {
      await scene(async ({ store, sealed, start }) => {
        const [from, to] = [await start(), await start()];
        await field.write(sealed(), from, 'secret');
        await field.put(store, to, await field.raw(store, from));
        expect(await field.read(sealed(), to)).toEqual(ALTERED);
      });
    });

    it('of another namespace is refused', async () => {
      await scene(async ({ sealed, start }) => {
        const run = await start();
        await field.write(sealed([OLD], 'theirs'), run, 'secret');
        expect(await field.read(sealed(), run)).toEqual(ALTERED);
        expect(await field.read(sealed([OLD], 'theirs'), run)).toBe('secret');
      });
    });

    it.each(Object.keys(FIELDS).filter((other) => other !== name))(
      'in the place of %s is refused',
      async (other) => {
        await scene(async ({ store, sealed, start }) => {
          const [from, to] = [await start(), await start()];
          await field.write(sealed(), from, 'secret');
          const place = FIELDS[other] as Field;
          await place.put(store, to, await field.raw(store, from));
          expect(await place.read(sealed(), to)).toEqual(ALTERED);
        });
      },
    );

    it('is read with an old key as long as that is there, and sealed with the first', async () => {
      await scene(async ({ store, sealed, start }) => {
        const [before, after] = [await start(), await start()];
        await field.write(sealed(), before, 'secret');
        await field.write(sealed([NEW, OLD]), after, 'newer');
        expect(await field.read(sealed([NEW, OLD]), before)).toBe('secret');
        expect(await field.read(sealed([NEW]), after)).toBe('newer');
        expect(await field.read(sealed([NEW]), before)).toEqual({ reason: 'no-key', keyId: 'old' });
        expect(await field.read(store, before), 'without any key').toEqual({
          reason: 'no-key',
          keyId: 'old',
        });
        const impostor = testKey('old', 'another');
        expect(await field.read(sealed([impostor]), before)).toEqual(ALTERED);
      });
    });

    it('from before there were keys stays readable', async () => {
      await scene(async ({ store, sealed, start }) => {
        const run = await start();
        await field.write(store, run, 'plain');
        expect(await field.read(sealed(), run)).toBe('plain');
      });
    });
  });

  describe.skipIf(!isThere)('at another position', () => {
    it('of the history is refused', async () => {
      await scene(async ({ store, sealed, start }) => {
        const run = await start();
        await append(sealed(), run, payload('paid'));
        const data = await lastChunk(store, run);
        await append(store, { ...run, version: 1, events: 2 }, data);
        const chunks = await sealed().readHistory(run.runId);
        expect(chunks.map((chunk) => readOf(chunk.data))).toEqual(['started', 'paid', ALTERED]);
      });
    });

    it('of the inbox is refused: it is another message', async () => {
      await scene(async ({ store, sealed, start }) => {
        const run = await start();
        await send(sealed(), run, payload('approve'));
        const [message] = await store.readInbox(run.runId);
        const again = { target: { runId: run.runId }, dedup: 'signal:2', body: message?.body as Uint8Array };
        await store.deliver([again]);
        expect((await sealed().readInbox(run.runId)).map(({ body }) => readOf(body))).toEqual([
          'approve',
          ALTERED,
        ]);
      });
    });
  });

  it.skipIf(!isThere)('that was sent to a key is for the runs of that key alone', async () => {
    await scene(async ({ store, sealed, engineId }) => {
      const [mine, theirs] = await Promise.all([
        startOwned(sealed(), engineId, { key: 'mine' }),
        startOwned(sealed(), engineId, { key: 'theirs' }),
      ]);
      const target = { namespace: 'default', key: 'mine' };
      await sealed().deliver([{ target, dedup: 'signal:1', body: payload('approve') }]);
      expect(readOf(await lastMessage(sealed(), mine))).toBe('approve');
      const [loaded] = await sealed().loadRuns([{ runId: mine.runId, epoch: mine.epoch, fromSeq: 0 }]);
      expect(readOf(loaded?.inbox[0]?.body)).toBe('approve');
      await send(store, theirs, await lastMessage(store, mine));
      expect(readOf(await lastMessage(sealed(), theirs))).toEqual(ALTERED);
    });
  });
});

interface Scene {
  /** As whoever owns the database sees it. */
  readonly store: Store;
  sealed(keys?: (typeof OLD)[], namespace?: string): Store;
  start(): Promise<Owned>;
  readonly engineId: string;
}
