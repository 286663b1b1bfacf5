import { expect } from 'vitest';
import type { RetireOptions, RetireResult, Store } from '../../port/store.ts';
import {
  advance,
  boot,
  claim,
  CONTINUE,
  type Owned,
  rowOf,
  SILENT,
  startOwned,
  startQueued,
  suspension,
  messageTo,
} from '../samples.ts';
import type { Promises } from '../subject.ts';

const DEATH: RetireOptions = { limit: 100, deathLimit: 3, harmless: false };

export const suspectPromises: Promises = {
  'a harmless retirement makes no suspects': async ({ store }) => {
    const runs = await executing(store, 3);
    await store.retire(runs.engineId, undefined, { ...DEATH, harmless: true });
    for (const row of await rows(store, runs.ids))
      expect(row).toMatchObject({ suspectGroup: undefined, deaths: 0 });
    expect(await claim(store, await boot(store))).toHaveLength(3);
  },
  'a release makes no suspects': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    await store.release([run]);
    expect(await rowOf(store, run.runId)).toMatchObject({ suspectGroup: undefined, deaths: 0 });
  },
  'the runs of a process that died are suspects in two halves, and none is charged': async ({ store }) => {
    const runs = await executing(store, 4);
    expect(await die(store, runs.engineId)).toMatchObject({ retired: true, requeued: 4, quarantined: [] });
    const labels = await labelsOf(store, runs.ids);
    expect(labels[0]).toBeDefined();
    expect([labels[1], labels[3]]).toEqual([labels[0], labels[2]]);
    expect(labels[2]).not.toBe(labels[0]);
    for (const row of await rows(store, runs.ids)) expect(row).toMatchObject({ status: 'queued', deaths: 0 });
  },
  'suspects are not claimed with healthy runs': async ({ store }) => {
    const runs = await executing(store, 2);
    await die(store, runs.engineId);
    const healthy = await startQueued(store);
    expect((await claim(store, await boot(store))).map((run) => run.runId)).toEqual([healthy]);
  },
  'healthy runs are not claimed with suspects': async ({ store }) => {
    await startQueued(store);
    expect(await claim(store, await boot(store), { suspects: true })).toEqual([]);
  },
  'suspects are claimed one group at a time': async ({ store }) => {
    const runs = await executing(store, 4);
    await die(store, runs.engineId);
    const first = await claimSuspects(store);
    expect(first.map((run) => run.runId)).toEqual(runs.ids.slice(0, 2));
    expect(first.every((run) => run.suspect)).toBe(true);
    expect((await claimSuspects(store)).map((run) => run.runId)).toEqual(runs.ids.slice(2));
  },
  'suspects do not hinder an eager start': async ({ store }) => {
    const runs = await executing(store, 2);
    await die(store, runs.engineId);
    await startOwned(store, await boot(store));
  },
  'suspects are claimed by workflow, queue and namespace like others': async ({ store }) => {
    const runs = await executing(store, 1);
    await die(store, runs.engineId);
    const engineId = await boot(store);
    const wrong = [
      { workflows: [{ workflow: 'order', version: '2' }] },
      { queues: ['other'] },
      { namespace: 'tenant' },
    ];
    for (const more of wrong) expect(await claim(store, engineId, { suspects: true, ...more })).toEqual([]);
    expect(await claim(store, engineId, { suspects: true })).toHaveLength(1);
  },
  'suspects are claimed by engines that carry what they demand': async ({ store }) => {
    const engineId = await boot(store);
    await startQueued(store, { workflowVersion: '1+gpu' });
    expect(await claim(store, engineId, { traits: ['gpu'] })).toHaveLength(1);
    await die(store, engineId);
    const heir = await boot(store);
    expect(await claim(store, heir, { suspects: true, traits: ['ssd'] })).toEqual([]);
    expect(await claim(store, heir, { suspects: true, traits: ['gpu'] })).toHaveLength(1);
  },
  'groups halve until one run is alone': async ({ store }) => {
    const runs = await executing(store, 8);
    const killer = runs.ids[5];
    await die(store, runs.engineId);
    const sizes: number[] = [];
    for (let round = 0; round < 20 && sizes.at(-1) !== 1; round += 1) {
      const engineId = await boot(store);
      const group = await claim(store, engineId, { suspects: true });
      if (group.some((run) => run.runId === killer)) {
        sizes.push(group.length);
        await die(store, engineId);
      } else {
        for (const run of group) await advance(store, { ...run, engineId });
        await store.retire(engineId, undefined, { ...DEATH, harmless: true });
      }
    }
    expect(sizes).toEqual([4, 2, 1]);
    const deaths = (await rows(store, runs.ids)).map((row) => row.deaths);
    expect(deaths).toEqual([0, 0, 0, 0, 0, 1, 0, 0]);
  },
  'a run that was alone when its process died is charged': async ({ store }) => {
    const runs = await executing(store, 1);
    await die(store, runs.engineId);
    const [row] = await rows(store, runs.ids);
    expect(row).toMatchObject({ status: 'queued', deaths: 1 });
    expect(row?.suspectGroup).toBeDefined();
  },
  'a sole suspect is charged also when healthy runs were executing beside it': async ({ store }) => {
    const runs = await executing(store, 1);
    await die(store, runs.engineId);
    const engineId = await boot(store);
    await claim(store, engineId, { suspects: true });
    const healthy = await startOwned(store, engineId);
    await die(store, engineId);
    expect((await rows(store, runs.ids))[0]?.deaths).toBe(2);
    const row = await rowOf(store, healthy.runId);
    expect(row.deaths).toBe(0);
    expect(row.suspectGroup).toBeDefined();
  },
  'fresh suspects join no earlier group': async ({ store }) => {
    const earlier = await executing(store, 4);
    await die(store, earlier.engineId);
    const engineId = await boot(store);
    const group = await claim(store, engineId, { suspects: true });
    const fresh = [await startOwned(store, engineId), await startOwned(store, engineId)];
    const before = await labelsOf(store, earlier.ids);
    await die(store, engineId);
    const labels = await labelsOf(store, [
      ...group.map((run) => run.runId),
      ...fresh.map((run) => run.runId),
    ]);
    expect(new Set(labels).size).toBe(4);
    for (const label of labels) expect(before).not.toContain(label);
  },
  'a run that kills its process too often in a row is quarantined': async ({ store }) => {
    const run = await startOwned(store, await boot(store));
    let engineId = run.engineId;
    for (let death = 1; death <= 3; death += 1) {
      expect((await die(store, engineId)).quarantined).toEqual([]);
      expect(await rowOf(store, run.runId)).toMatchObject({ status: 'queued', deaths: death });
      engineId = await boot(store);
      expect(await claim(store, engineId, { suspects: true })).toHaveLength(1);
    }
    expect(await die(store, engineId)).toMatchObject({
      quarantined: [run.runId],
      requeued: 0,
      remaining: false,
    });
    const row = await rowOf(store, run.runId);
    expect(row).toMatchObject({ status: 'blocked', blockCode: 'QUARANTINED', ownerId: undefined, deaths: 4 });
    expect(await claimSuspects(store)).toEqual([]);
  },
  'a death limit of nothing quarantines at the first death': async ({ store }) => {
    const runs = await executing(store, 1);
    const result = await store.retire(runs.engineId, undefined, { ...DEATH, deathLimit: 0 });
    expect(result.quarantined).toEqual(runs.ids);
  },
  'a recorded outcome acquits a suspect': async ({ store }) => {
    const runs = await executing(store, 1);
    await die(store, runs.engineId);
    const engineId = await boot(store);
    const [run] = await claim(store, engineId, { suspects: true });
    if (run === undefined) throw new Error('no suspect');
    await advance(store, { ...run, engineId });
    expect(await rowOf(store, run.runId)).toMatchObject({ suspectGroup: undefined, deaths: 0 });
  },
  'a plan without events acquits nobody': async ({ store }) => {
    const runs = await executing(store, 1);
    await die(store, runs.engineId);
    const engineId = await boot(store);
    const [run] = await claim(store, engineId, { suspects: true });
    if (run === undefined) throw new Error('no suspect');
    await advance(store, { ...run, engineId }, CONTINUE, SILENT);
    expect(await rowOf(store, run.runId)).toMatchObject({ deaths: 1 });
    expect((await rowOf(store, run.runId)).suspectGroup).toBeDefined();
  },
  'a suspect that waits and is woken is a suspect still, and is not adopted': async ({ store }) => {
    const runs = await executing(store, 1);
    await die(store, runs.engineId);
    const engineId = await boot(store);
    const [run] = await claim(store, engineId, { suspects: true });
    if (run === undefined) throw new Error('no suspect');
    const owned: Owned = { ...run, engineId };
    await advance(store, owned, suspension(owned), SILENT);
    const adopter = { engineId, limit: 9 };
    expect(await store.deliver([messageTo(run.runId)], adopter)).toMatchObject([{ adopted: undefined }]);
    expect(await claim(store, engineId)).toEqual([]);
    expect((await claimSuspects(store)).map((one) => one.runId)).toEqual([run.runId]);
  },
  'a suspect whose time has come is queued as a suspect, and is not adopted': async ({ store, clock }) => {
    const runs = await executing(store, 1);
    await die(store, runs.engineId);
    const engineId = await boot(store);
    const [run] = await claim(store, engineId, { suspects: true });
    if (run === undefined) throw new Error('no suspect');
    const owned: Owned = { ...run, engineId };
    await advance(store, owned, suspension(owned, clock.now()), SILENT);
    const adopter = { engineId, limit: 9 };
    const workflows = [{ workflow: 'order', version: '1' }];
    const asked = { limit: 9, adopter, workflows, windowMs: 200 };
    expect(await store.wakeDue(asked)).toMatchObject({ adopted: [], queued: 1, assigned: [] });
    expect((await claimSuspects(store)).map((one) => one.runId)).toEqual([run.runId]);
  },
  'groups are decided once, however small the chunks': async ({ store }) => {
    const runs = await executing(store, 4);
    const options = { ...DEATH, limit: 1 };
    await store.retire(runs.engineId, undefined, options);
    const labels = await labelsOf(store, runs.ids);
    while ((await store.retire(runs.engineId, undefined, options)).remaining);
    expect(await labelsOf(store, runs.ids)).toEqual(labels);
    expect(new Set(labels).size).toBe(2);
    for (const row of await rows(store, runs.ids)) expect(row).toMatchObject({ status: 'queued', deaths: 0 });
  },
  'a retirement that is repeated charges nobody twice': async ({ store }) => {
    const runs = await executing(store, 1);
    await store.retire(runs.engineId, undefined, { ...DEATH, limit: 0 });
    await die(store, runs.engineId);
    expect((await rows(store, runs.ids))[0]?.deaths).toBe(1);
  },
  'a run that was released from quarantine begins anew': async ({ store }) => {
    const runs = await executing(store, 1);
    await store.retire(runs.engineId, undefined, { ...DEATH, deathLimit: 0 });
    await store.unblock({ code: 'QUARANTINED', workflows: [{ workflow: 'order', version: '1' }] });
    expect((await rows(store, runs.ids))[0]).toMatchObject({
      status: 'queued',
      deaths: 0,
      suspectGroup: undefined,
    });
    expect(await claim(store, await boot(store))).toHaveLength(1);
  },
};

async function executing(store: Store, count: number): Promise<{ engineId: string; ids: string[] }> {
  const engineId = await boot(store);
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) ids.push((await startOwned(store, engineId)).runId);
  return { engineId, ids };
}

async function die(store: Store, engineId: string): Promise<RetireResult> {
  return store.retire(engineId, undefined, DEATH);
}

async function claimSuspects(store: Store) {
  return claim(store, await boot(store), { suspects: true });
}

async function rows(store: Store, runIds: readonly string[]) {
  return Promise.all(runIds.map((runId) => rowOf(store, runId)));
}

async function labelsOf(store: Store, runIds: readonly string[]): Promise<(number | undefined)[]> {
  return (await rows(store, runIds)).map((row) => row.suspectGroup);
}
