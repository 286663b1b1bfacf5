import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { open, refusal, sharedStore, until } from '../../testbed/engines/engines.ts';
import { alterHistory, contentsOf, rowsOf, testKey } from '../../testbed/sealed/sealed.ts';
import { obey, reasonOf, statusOf } from '../../testbed/why/why.ts';
import { millrace as command } from '../../testbed/cli/fake-terminal.ts';
import { Millrace, signal, workflow, type Run } from '../index.ts';

const go = signal<unknown>('go');
const K1 = testKey('k1');
const K2 = testKey('k2');
const SECRET = 'canary-4f1b';

const waits = workflow('waits', async (ctx, input: unknown) => [input, await ctx.waitForSignal(go)]);
const echo = workflow('echo', (_ctx, input: unknown) => input);
const fails = workflow('fails', async (ctx, input: string) => {
  await ctx.step('pay', () => Promise.reject(new Error(`no money on ${input}`)));
});
const family = workflow('family', async (ctx, input: string) => {
  const child = await ctx.child(echo, `${input} child`);
  const till = await ctx.lock('till');
  await ctx.step('count', () => `${input} step`);
  await till.release();
  ctx.publish('state', `${input} published`);
  const given = await ctx.waitForSignal(go);
  return [child, given];
});
const workflows = [waits, echo, fails, family];

/** A run that was started with key k1, waits, and whose engine is gone. */
async function abandoned(store: string, id = 'k1'): Promise<string> {
  const millrace = await open({ store, name: 'first', workflows, payloadKeys: [testKey(id)] });
  const run = await millrace.start(waits, `${SECRET} ${id}`);
  await until(run, 'waiting');
  await millrace.close();
  return run.runId;
}

describe('with keys', () => {
  it('runs do all that they do without, and nothing of what they are given is in the database', async () => {
    const store = sharedStore();
    const millrace = await open({ store, workflows, payloadKeys: [K1] });
    const run = await millrace.signalWithStart(family, `${SECRET} input`, {
      key: 'family',
      signal: go,
      payload: `${SECRET} early`,
    });
    expect(await run.result()).toEqual([`${SECRET} input child`, `${SECRET} early`]);
    const failed = await millrace.start(fails, SECRET);
    await expect(failed.result()).rejects.toEqual(refusal('RUN_FAILED', new RegExp(SECRET)));
    const waiting = await millrace.start(waits, `${SECRET} waits`, { key: 'waits' });
    await until(waiting, 'waiting');
    const later = await millrace.start(waits, SECRET, { delay: '1h' });
    await later.signal(go, `${SECRET} unread`);
    await millrace.run({ key: 'waits' }).signal(go, `${SECRET} by key`);
    expect(await waiting.result()).toEqual([`${SECRET} waits`, `${SECRET} by key`]);
    const contents = await contentsOf(store);
    expect(contents.includes('family'), 'names are readable').toBe(true);
    expect(contents.includes(SECRET)).toBe(false);
    expect(contents.includes('"type":'), 'nor is a history').toBe(false);
  });

  it('and without, the same search finds it', async () => {
    const store = sharedStore();
    const millrace = await open({ store, workflows });
    await (await millrace.start(echo, SECRET)).result();
    expect((await contentsOf(store)).includes(SECRET)).toBe(true);
  });

  it('a message sent to a key is read by an engine that did not send it', async () => {
    const store = sharedStore();
    const client = await open({ store, work: false, payloadKeys: [K1] });
    const run = await client.signalWithStart(waits, 1, { key: 'k', signal: go, payload: 'first' });
    await open({ store, workflows, payloadKeys: [K1] });
    expect(await run.result()).toEqual([1, 'first']);
  });

  it('runs from before there were keys go on', async () => {
    const store = sharedStore();
    const before = await open({ store, workflows });
    const { runId } = await before.start(waits, 'plain');
    await until(before.run(runId), 'waiting');
    await before.close();
    const after = await open({ store, workflows, payloadKeys: [K1] });
    await after.run(runId).signal(go, SECRET);
    expect(await after.run(runId).result()).toEqual(['plain', SECRET]);
    expect((await contentsOf(store)).includes(SECRET)).toBe(false);
  });

  it('that were rotated, what the old one sealed is read as long as it is there', async () => {
    const store = sharedStore();
    const runId = await abandoned(store);
    const millrace = await open({ store, workflows, payloadKeys: [K2, K1] });
    await millrace.run(runId).signal(go, 'newer');
    expect(await millrace.run(runId).result()).toEqual([`${SECRET} k1`, 'newer']);
    await millrace.close();
    const later = await open({ store, work: false, payloadKeys: [K2] });
    // Its end is sealed with the new key, its beginning is not.
    expect(await later.run(runId).result()).toEqual([`${SECRET} k1`, 'newer']);
    await expect(later.run(runId).history()).rejects.toEqual(refusal('PAYLOAD_UNREADABLE', /key "k1"/));
  });
});

describe.each([
  ['no key', [], /is sealed with key "k1", which is not here$/],
  ['another key', [K2], /is sealed with key "k1", which is not here$/],
  ['a wrong key of that id', [K2, testKey('k1', 'wrong')], /altered after it was sealed with key "k1"/],
] as const)('an engine with %s', (_, payloadKeys, message) => {
  it('blocks the run, says why, and goes on with the others', async () => {
    const store = sharedStore();
    const runId = await abandoned(store);
    const lines: string[] = [];
    const log = (entry: { message: string }) => void lines.push(entry.message);
    const millrace = await open({ store, workflows, payloadKeys, log });
    const run = millrace.run(runId);
    await run.signal(go, 'go');
    await until(run, 'blocked');
    const [reason] = (await run.why()).reasons;
    expect(reason).toMatchObject({
      code: 'PAYLOAD_UNREADABLE',
      refs: { keyId: 'k1' },
      message: expect.stringMatching(message) as string,
    });
    expect(await run.describe()).toMatchObject({
      ...{ runId, status: 'blocked', input: null },
      unreadable: expect.stringContaining('key "k1"') as string,
    });
    await expect(run.history()).rejects.toEqual(refusal('PAYLOAD_UNREADABLE', /key "k1"/));
    await expect(run.result()).rejects.toEqual(refusal('RUN_BLOCKED', /PAYLOAD_UNREADABLE.*key "k1"/));
    const other = await millrace.start(echo, 'other');
    expect(await other.result()).toBe('other');
    expect((await millrace.runs()).runs.map((row) => row.status)).toEqual(['completed', 'blocked']);
    expect(lines.filter((line) => line.includes(runId))).toHaveLength(1);
    await millrace.close();

    const right = await open({ store, name: 'right', workflows, payloadKeys: [K1, K2] });
    // The engine that starts with the key has queued it again; what it was sent meanwhile is there.
    expect(await right.run(runId).result()).toEqual([`${SECRET} k1`, 'go']);
  });
});

describe('what cannot be read', () => {
  it('is freed by the command that why names, once the key is back', async () => {
    const store = sharedStore();
    const runId = await abandoned(store);
    const wrong = await open({ store, workflows, payloadKeys: [K2, K1] });
    await wrong.run(runId).signal(go, 'sealed with k2');
    await wrong.close();
    const lacking = await open({ store, work: false });
    const working = await open({ store, workflows, payloadKeys: [K1] });
    await lacking.run(runId).signal(go, 'plain');
    await expectBlocked(working.run(runId));
    const reason = await reasonOf(lacking.run(runId), 'PAYLOAD_UNREADABLE');
    await working.close();
    const right = await open({ store, workflows, payloadKeys: [K1, K2] });
    await until(right.run(runId), 'completed');
    expect(reason.remedy.command).toBe(`millrace retry ${runId}`);
  });

  it('because it was altered goes on by retry when it was restored', async () => {
    const store = sharedStore();
    const runId = await abandoned(store);
    await alterHistory(store, runId);
    const millrace = await open({ store, workflows, payloadKeys: [K1] });
    await millrace.run(runId).signal(go, 'go');
    await until(millrace.run(runId), 'blocked');
    const reason = await reasonOf(millrace.run(runId), 'PAYLOAD_UNREADABLE');
    expect(reason.message).toMatch(/the history of run \S+ from event 0 was altered after it was sealed/);
    await alterHistory(store, runId);
    await obey(reason, store);
    expect(await millrace.run(runId).result()).toEqual([`${SECRET} k1`, 'go']);
  });

  it('blocks a run that is at work when a message comes that it cannot open', async () => {
    const store = sharedStore();
    const millrace = await open({ store, workflows, payloadKeys: [K1] });
    const other = await open({ store, work: false, payloadKeys: [K2] });
    const run = await millrace.start(waits, 1);
    await other.run(run.runId).signal(go, 'sealed with k2');
    const reason = await reasonOf(run, 'PAYLOAD_UNREADABLE');
    expect(reason).toMatchObject({ refs: { keyId: 'k2' } });
    await millrace.close();
    const both = await open({ store, workflows, payloadKeys: [K1, K2] });
    expect(await both.run(run.runId).result()).toEqual([1, 'sealed with k2']);
  });

  it('by whoever looks is told so, of that run alone', async () => {
    const store = sharedStore();
    const millrace = await open({ store, workflows, payloadKeys: [K1] });
    const closed = await millrace.start(echo, SECRET);
    await closed.result();
    const waiting = await millrace.start(waits, SECRET);
    await until(waiting, 'waiting');
    const blind = await open({ store, work: false });
    expect(await statusOf(blind.run(waiting.runId))).toBe('waiting');
    const { reasons } = await blind.run(waiting.runId).why();
    expect(reasons).toMatchObject([
      { code: 'PAYLOAD_UNREADABLE', refs: { keyId: 'k1' }, remedy: { command: null } },
    ]);
    await expect(blind.run(closed.runId).result()).rejects.toEqual(refusal('PAYLOAD_UNREADABLE', /key "k1"/));
    expect((await blind.runs()).runs).toHaveLength(2);
    expect((await waiting.why()).reasons).toMatchObject([{ code: 'WAITING_SIGNAL' }]);
  });
});

async function expectBlocked(run: Run): Promise<void> {
  await expect.poll(async () => statusOf(run), { interval: 5, timeout: 5_000 }).toBe('blocked');
}

describe('the guide', () => {
  it('has statements that list which keys are in use', async () => {
    const store = sharedStore();
    await abandoned(store, 'k1');
    await abandoned(store, 'key-2');
    const guide = readFileSync(join(import.meta.dirname, '../../../../docs/guides/encryption.md'), 'utf8');
    const [, block = ''] = /```sql\n(.*?)```/s.exec(guide) ?? [];
    const [postgres = '', sqlite = ''] = block.replaceAll(/^--.*$/gm, '').split(';');
    const rows = await rowsOf(store, store.startsWith('file:') ? sqlite : postgres);
    expect(new Set(rows.map(({ key }) => key))).toEqual(new Set(['k1', 'key-2']));
  });
});

describe('a preflight', () => {
  it('reads encrypted runs with their keys, and says of which it cannot', async () => {
    const store = sharedStore();
    await abandoned(store);
    const build = { store, workflows: [waits] };
    expect(await Millrace.preflight({ ...build, payloadKeys: [K1] })).toMatchObject({
      ok: true,
      agreeing: 1,
    });
    const { breaks } = await Millrace.preflight(build);
    expect(breaks).toMatchObject([
      { code: 'UNREADABLE', message: expect.stringContaining('key "k1"') as string },
    ]);
  });
});

describe('the command', () => {
  it.each(['show', 'history', 'why', 'runs'])('%s shows values to who has the key', async (name) => {
    const store = sharedStore();
    const runId = await abandoned(store);
    const key = Buffer.from(K1.key).toString('base64');
    const args = [...(name === 'runs' ? [name] : [name, runId]), '--json', '--store', store];
    const seeing = await command(args, { env: { PAYLOAD_KEYS: `k1:${key}` } });
    const blind = await command(args);
    expect(seeing.status).toBe(0);
    expect(seeing.out).not.toMatch(/unreadable/i);
    expect(blind.out + blind.err).toMatch(/k1/);
    expect(blind.out + blind.err + seeing.err).not.toContain(key);
    expect(blind.out).not.toContain(SECRET);
    // Only a history is nothing but values.
    expect(blind.status).toBe(name === 'history' ? 1 : 0);
  });
});

describe('keys of the library', () => {
  it.each([
    ['is too short', [{ id: 'k1', key: new Uint8Array(16) }], /key "k1" has 16 bytes/],
    ['is there twice', [K1, K1], /key "k1" is there twice/],
    ['has no id', [{ ...K1, id: '' }], /"" is no id of a key/],
  ])('of which one %s are refused', async (_, payloadKeys, message) => {
    await expect(open({ payloadKeys })).rejects.toEqual(refusal('INVALID_ARGUMENT', message));
  });
});
