import { expect } from 'vitest';
import type { VersionCount, VersionFilter } from '../../port/definitions.ts';
import type { StartRequest, Store } from '../../port/store.ts';
import { advance, boot, closing, newId, startOwned, startQueued, suspension } from '../samples.ts';
import type { Clock, Promises } from '../subject.ts';

export const versionCountPromises: Promises = {
  'open runs are counted by workflow, version and status, in this order': async ({ store }) => {
    for (const [workflow, workflowVersion] of [
      ['ship', '2'],
      ['ship', '10'],
      ['order', '1'],
      ['ship', '2'],
    ] as const)
      await startQueued(store, { workflow, workflowVersion });
    const run = await startOwned(store, await boot(store), {
      workflow: 'ship',
      workflowVersion: '2',
      queue: 'b',
    });
    await advance(store, run, suspension(run));
    expect(await count(store)).toEqual([
      'order 1 queued 1 undefined',
      'ship 10 queued 1 undefined',
      'ship 2 queued 2 undefined',
      'ship 2 waiting 1 undefined',
    ]);
    expect(await count(store, { workflow: 'ship' })).toHaveLength(3);
    expect(await count(store, { workflow: 'none' })).toEqual([]);
    expect(await count(store, { namespace: 'tenant' })).toEqual([]);
  },
  'what a run demands of its engine is no part of its version': async ({ store, clock }) => {
    await startQueued(store);
    await startQueued(store, { workflowVersion: '1+gpu' });
    await startQueued(store, { workflowVersion: '1+gpu+region=eu' });
    await startQueued(store, { workflowVersion: '10+gpu' });
    expect(await count(store)).toEqual(['order 1 queued 3 undefined', 'order 10 queued 1 undefined']);
    await closed({ store, clock }, 10, { queue: 'b', workflowVersion: '1+gpu' });
    await closed({ store, clock }, 30, { queue: 'b' });
    expect((await count(store, { since: 0 }))[1]).toBe('order 1 completed 2 20');
  },
  'closed runs are counted by how they ended, with the mean of what they took': async ({ store, clock }) => {
    await closed({ store, clock }, 100);
    await closed({ store, clock }, 300);
    await closed({ store, clock }, 7, {}, 'failed');
    await closed({ store, clock }, 50, { workflow: 'ship' }, 'cancelled');
    expect(await count(store, { since: 0 })).toEqual([
      'order 1 completed 2 200',
      'order 1 failed 1 7',
      'ship 1 cancelled 1 50',
    ]);
    expect(await count(store, { since: 0, workflow: 'ship' })).toEqual(['ship 1 cancelled 1 50']);
    expect(await count(store), 'unless nobody asks for them').toEqual([]);
  },
  'closed runs count that began at or after an instant, however long they waited before': async ({
    store,
    clock,
  }) => {
    await closed({ store, clock }, 100);
    const queued = await startQueued(store, { workflow: 'ship' });
    clock.advance(1000);
    const since = clock.now();
    const engineId = await boot(store);
    const workflows = [{ workflow: 'ship', version: '1' }];
    const [claimed] = await store.claimRuns({ engineId, workflows, limit: 1, suspects: false });
    expect(claimed?.runId).toBe(queued);
    clock.advance(20);
    if (claimed !== undefined)
      await advance(store, { ...claimed, engineId }, closing({ ...claimed, engineId }));
    expect(await count(store, { since })).toEqual(['ship 1 completed 1 20']);
    expect(await count(store, { since: since - 0.5 }), 'between two milliseconds').toHaveLength(1);
    expect(await count(store, { since: since + 1 })).toEqual([]);
  },
  'attempts of calls are no runs of a version': async ({ store, clock }) => {
    await startQueued(store, { workflow: '$task/mail', parentRunId: newId() });
    await closed({ store, clock }, 5, { workflow: '$task/mail', queue: 'b' });
    await startQueued(store, { workflow: '$taskless', queue: 'c' });
    expect(await count(store, { since: 0 })).toEqual(['$taskless 1 queued 1 undefined']);
    expect(await count(store, { since: 0, workflow: '$task/mail' })).toEqual([]);
  },
};

async function count(store: Store, more: Partial<VersionFilter> = {}): Promise<string[]> {
  return (await store.countVersions({ namespace: 'default', ...more })).map(show);
}

function show({ workflow, version, status, runs, meanMs }: VersionCount): string {
  return `${workflow} ${version} ${status} ${runs} ${meanMs}`;
}

/** A run that took so long. */
async function closed(
  { store, clock }: { store: Store; clock: Clock },
  ms: number,
  more: Partial<StartRequest> = {},
  status: 'completed' | 'failed' | 'cancelled' = 'completed',
): Promise<void> {
  const run = await startOwned(store, await boot(store), { queue: newId(), ...more });
  clock.advance(ms);
  await advance(store, run, closing(run, status));
}
