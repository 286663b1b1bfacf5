import { expect, it } from 'vitest';
import { open, refusal, sharedStore, until } from '../../../testbed/engines/engines.ts';
import { isMillraceError, workflow, type Millrace } from '../../index.ts';

const wait = workflow('wait', async (ctx, _: null) => ctx.waitForSignal('go'));
const ill = workflow('ill', () => {
  throw new Error('ill');
});
const shop = { workflow: 'shop', version: 1, nodes: { one: { value: 1 } } };
const NOBODY = '0199b0a0-0000-7000-8000-000000000001';

async function company(): Promise<{ engine: Millrace; person: Millrace }> {
  const store = sharedStore();
  const engine = await open({ store, workflows: [wait, ill], name: 'engine-1' });
  const person = await open({ store, workflows: [wait], work: false, actor: 'cli:ann@desk' });
  return { engine, person };
}

/** Oldest first. */
async function toldOf(millrace: Millrace): Promise<unknown[][]> {
  const { entries } = await millrace.audit();
  return entries.toReversed().map(({ action, target, outcome, code, after }) => {
    return [action, target, outcome, code, after].filter((part) => part !== null);
  });
}

async function tried(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!isMillraceError(error)) throw error;
  });
}

it('writes down what a person does to runs through a client', async () => {
  const { engine, person } = await company();
  const run = await person.start(wait, null, { key: 'k' });
  await person.start(wait, null, { key: 'k' });
  await run.signal('first', 'payload', { id: '1' });
  await run.signal('first', 'payload', { id: '1' });
  await person.run({ key: 'k' }).cancel('no use');
  await tried(run.result());
  await tried(run.cancel());
  await tried(person.run(NOBODY).signal('go'));
  const failed = await engine.start(ill, null);
  await until(failed, 'failed');
  await person.run(failed.runId).retry();
  const target = `runs/${run.runId}`;
  expect(await toldOf(engine)).toEqual([
    ['startRun', target, 'done'],
    ['signalRun', target, 'done', { name: 'first' }],
    ['cancelRun', target, 'done'],
    ['cancelRun', target, 'refused', 'RUN_CLOSED'],
    ['signalRun', `runs/${NOBODY}`, 'refused', 'RUN_NOT_FOUND', { name: 'go' }],
    ['retryRun', `runs/${failed.runId}`, 'done'],
  ]);
  expect(new Set((await engine.audit()).entries.map(({ actor }) => actor))).toEqual(
    new Set(['cli:ann@desk']),
  );
});

it('writes down what a person does to versions, queues, locks and engines', async () => {
  const { engine, person } = await company();
  await person.deploy(shop);
  await person.deploy(shop);
  await tried(person.deploy({ ...shop, nodes: { two: { value: 2 } } }));
  await person.deploy({ ...shop, version: 2 });
  await person.activate('shop', 2);
  await person.setStrategy('round-robin');
  await person.setQueue('mail', { paused: true });
  await person.setLimit({ key: 'tenant' }, { maxConcurrent: 3 });
  await tried(person.releaseLock('crane'));
  await person.drain('engine-1');
  const told = await toldOf(person);
  expect(told.map(([action, target, outcome]) => [action, target, outcome])).toEqual([
    ['deployDefinition', 'definitions/shop', 'done'],
    ['deployDefinition', 'definitions/shop', 'refused'],
    ['deployDefinition', 'definitions/shop', 'done'],
    ['changeRoute', 'definitions/shop', 'done'],
    ['setStrategy', 'cluster/strategy', 'done'],
    ['changeQueue', 'queues/mail', 'done'],
    ['changeLimit', 'limits/key/tenant', 'done'],
    ['releaseLock', 'cluster/locks/crane', 'refused'],
    ['drainEngine', `cluster/engines/${engine.engine?.engineId}`, 'done'],
  ]);
  expect(told[5]?.[3]).toEqual({ paused: true });
});

it('is for clients: an engine changes things in nobody’s name', async () => {
  await expect(open({ actor: 'ann' })).rejects.toEqual(refusal('INVALID_ARGUMENT', /actor/));
  const { engine } = await company();
  await (await engine.start(wait, null)).signal('go');
  expect((await engine.audit()).entries).toEqual([]);
});

it('lists no more than asked, from where and when, or says what is wrong with that', async () => {
  const { person } = await company();
  const at = new Date();
  for (const ask of [{ limit: 0 }, { before: 'x' }, { from: 'soon' }])
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect(person.audit(ask)).rejects.toEqual(refusal('INVALID_ARGUMENT'));
  await person.start(wait, null);
  expect((await person.audit({ to: at, limit: 1 })).entries).toEqual([]);
  expect((await person.audit({ from: at.toISOString(), actor: 'cli:ann@desk' })).entries).toHaveLength(1);
});
