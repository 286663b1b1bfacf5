import { expect } from 'vitest';
import { runIdOf } from '../../../core/ids.ts';
import { type AuditEntry, type AuditFilter, MAX_AUDIT_ENTRIES } from '../../port/access/audit.ts';
import type { StartRequest, Store } from '../../port/store.ts';
import { newId, startOf } from '../samples.ts';
import type { Promises } from '../subject.ts';

const NOTHING = {
  ...{ target: undefined, code: undefined, remote: undefined, reason: undefined, requestId: undefined },
  ...{ before: undefined, after: undefined },
} as const;
const REFUSED = { name: 'StoreError', failure: 'definite' };
const ALL = { namespace: 'default', limit: 100 };

let made = 0;

/** Ids are in the order in which they are made, as those of a process are. */
function entry(more: Partial<AuditEntry> = {}): AuditEntry {
  const id = runIdOf(1_000 + Math.floor(made / 4096), made++ % 4096, Math.random);
  return {
    id,
    namespace: 'default',
    actor: 'key:a',
    action: 'cancelRun',
    outcome: 'done',
    ...NOTHING,
    ...more,
  };
}

function act(action: string): Pick<StartRequest, 'act'> {
  return { act: entry({ action, target: 'runs/x', reason: 'ä' }) };
}

async function actionsOf(store: Store, more: Partial<AuditFilter> = {}): Promise<string[]> {
  return (await store.listAudit({ ...ALL, ...more })).map(({ action }) => action);
}

async function append(store: Store, ...actions: string[]): Promise<AuditEntry[]> {
  const entries = actions.map((action) => entry({ action }));
  await store.appendAudit(entries);
  return entries;
}

export const auditPromises: Promises = {
  'an entry is read back as it was written, with the time of the store': async ({ store, second, clock }) => {
    const full = entry({
      ...{ target: 'queues/mäil 😀', outcome: 'refused', code: 'FORBIDDEN', remote: '::1', requestId: 'r-1' },
      ...{ reason: 'it\'s "late"\n\\x', before: '{"paused":false}', after: '{"paused":true}' },
    });
    const empty = entry({ outcome: 'failed' });
    await store.appendAudit([full, empty]);
    const at = clock.now();
    expect(await second.listAudit(ALL)).toEqual([
      { ...empty, at },
      { ...full, at },
    ]);
  },
  'the newest comes first, and those of one call in the order of their ids': async ({ store, clock }) => {
    await append(store, 'a', 'b');
    clock.advance(5);
    await append(store, 'c');
    expect(await actionsOf(store)).toEqual(['c', 'b', 'a']);
  },
  'an entry that is sent twice is there once, as it was sent first (A2)': async ({ store, second }) => {
    const [first] = await append(store, 'a');
    await second.appendAudit([{ ...first, actor: 'key:b' } as AuditEntry, entry({ action: 'b' })]);
    const entries = await store.listAudit(ALL);
    expect(entries.map(({ action, actor }) => [action, actor])).toEqual([
      ['b', 'key:a'],
      ['a', 'key:a'],
    ]);
  },
  'the entry of a start is written with the run, and not where nothing is started': async ({
    store,
    clock,
  }) => {
    const first = startOf({ key: 'k', fingerprint: 'same', ...act('first') });
    const plain = startOf();
    await store.startRuns([startOf(), first, plain]);
    const again = [{ ...first }, startOf({ key: 'k', fingerprint: 'same', ...act('existing') })];
    const refused = startOf({ key: 'k', fingerprint: 'other', ...act('refused') });
    const results = await store.startRuns([...again, refused, startOf(act('second'))]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['started', 'existing', 'key-in-use', 'started']);
    expect(await actionsOf(store)).toEqual(['second', 'first']);
    expect((await store.listAudit(ALL)).at(-1)).toEqual({ ...first.act, at: clock.now() });
  },
  'a start whose entry no store keeps starts nothing': async ({ store }) => {
    const request = startOf({ act: entry({ actor: 'a\0' }) });
    await expect(store.startRuns([request])).rejects.toMatchObject(REFUSED);
    expect(await store.readRuns([{ runId: request.runId }])).toEqual([undefined]);
  },
  'each namespace reads its own': async ({ store }) => {
    const foreign = entry({ namespace: 'other', action: 'theirs' });
    await store.appendAudit([entry({ action: 'ours' }), foreign]);
    expect(await actionsOf(store)).toEqual(['ours']);
    expect(await actionsOf(store, { namespace: 'other' })).toEqual(['theirs']);
    expect(await actionsOf(store, { before: foreign.id }), 'by the id of another').toEqual([]);
  },
  'it is read in pages, also where many are of one instant': async ({ store, clock }) => {
    await append(store, 'a', 'b', 'c');
    clock.advance(1);
    await append(store, 'd');
    const pages: string[][] = [];
    for (let before: string | undefined; ;) {
      // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
      const page = await store.listAudit({ ...ALL, limit: 2, before });
      if (page.length === 0) break;
      pages.push(page.map(({ action }) => action));
      before = page.at(-1)?.id;
    }
    expect(pages).toEqual([
      ['d', 'c'],
      ['b', 'a'],
    ]);
    expect(await actionsOf(store, { before: newId() }), 'after one that is not there').toEqual([]);
  },
  'it is filtered by who, what, of what and when, together': async ({ store, clock }) => {
    const begin = clock.now();
    await store.appendAudit([
      entry({ action: 'a', actor: 'key:x', target: 'runs/1' }),
      entry({ action: 'b', actor: 'key:x', target: 'runs/2' }),
    ]);
    clock.advance(10);
    await store.appendAudit([entry({ action: 'a', actor: 'key:y', target: 'runs/1' })]);
    const count = async (filter: Partial<AuditFilter>) => (await actionsOf(store, filter)).length;
    expect(await count({ actor: 'key:x' })).toBe(2);
    expect(await count({ action: 'a' })).toBe(2);
    expect(await count({ target: 'runs/1' })).toBe(2);
    expect(await count({ target: 'runs/1', actor: 'key:y', action: 'a' })).toBe(1);
    expect(await count({ from: begin, to: begin + 10 })).toBe(2);
    expect(await count({ from: begin + 10 })).toBe(1);
    expect(await count({ to: begin })).toBe(0);
    expect(await count({ actor: `' OR 1=1 --` })).toBe(0);
  },
  'what is old enough is deleted, the oldest first and in portions (A3)': async ({ store, clock }) => {
    await append(store, 'a', 'b', 'c');
    clock.advance(1_000);
    await append(store, 'd');
    const request = { auditMs: 1_000, limit: 2 };
    expect(await store.pruneAudit(request), 'none is older than that yet').toBe(0);
    clock.advance(1);
    expect(await store.pruneAudit(request)).toBe(2);
    expect(await actionsOf(store)).toEqual(['d', 'c']);
    expect(await store.pruneAudit(request)).toBe(1);
    expect(await store.pruneAudit(request)).toBe(0);
    expect(await actionsOf(store)).toEqual(['d']);
  },
  'all entries of a call are written or none': async ({ store }) => {
    const torn = entry({ reason: 'a\0b' });
    await expect(store.appendAudit([entry(), torn])).rejects.toMatchObject(REFUSED);
    const many = Array.from({ length: MAX_AUDIT_ENTRIES + 1 }, () => entry());
    await expect(store.appendAudit(many)).rejects.toMatchObject(REFUSED);
    await store.appendAudit([]);
    expect(await store.listAudit(ALL)).toEqual([]);
    await store.appendAudit(many.slice(1));
    expect(await store.listAudit({ ...ALL, limit: 1_000 })).toHaveLength(MAX_AUDIT_ENTRIES);
  },
};
