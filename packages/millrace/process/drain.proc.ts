import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { judge } from './judge/judge.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { calmItems, type Item } from './worker/workload.ts';

const SIZE = 20;
const GRACE_MS = 1500;

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))('an engine that is asked to leave gives its runs back unharmed', async () => {
    rig = await openRig(kind);
    const gate = join(rig.folder, 'gate');
    const leaving = rig.worker({ name: 'leaving', graceMs: GRACE_MS });
    await leaving.untilMark('ready');
    const client = await rig.client();
    const gated: Item[] = Array.from({ length: SIZE }, (_, at) => ({
      ...{ workflow: 'gated', key: `gated-${at}`, input: { gate, size: 2 }, signals: 0 },
    }));
    await client.perform(gated);
    await leaving.untilBegins(SIZE);

    leaving.kill('SIGTERM');
    await leaving.untilMark('closing');
    // Work that comes now is for others.
    await client.perform(calmItems('late', 1));
    expect(await leaving.ended).toEqual({ code: 0, signal: null });
    expect(leaving.begins(), 'it began something after it was asked to leave').toHaveLength(SIZE);
    const { runs } = await (await rig.store()).listRuns({ namespace: 'default', limit: 100 });
    const deaths = runs.filter((run) => run.deaths > 0 || run.suspectGroup !== undefined);
    expect(deaths, 'something was counted as a death').toEqual([]);
    expect(runs.filter(({ status }) => status === 'queued').length).toBeGreaterThanOrEqual(SIZE);

    const heir = rig.worker({ name: 'heir' });
    await heir.untilBegins(SIZE);
    writeFileSync(gate, '');
    await client.untilNothingIsOpen();
    const { violations, figures } = await judge(rig);
    console.log(`${kind}, drain: ${JSON.stringify(figures)}`);
    expect(violations).toEqual([]);
    expect(figures.takeovers, 'somebody waited for a dead engine').toBe(0);
    expect(figures.started).toBe(SIZE + calmItems('late', 1).length);
  });

  test.skipIf(!canOpen(kind))('a step that ends within the grace is recorded, and none begins', async () => {
    rig = await openRig(kind);
    const gate = join(rig.folder, 'gate');
    const leaving = rig.worker({ name: 'leaving', graceMs: 20_000 });
    await leaving.untilMark('ready');
    const client = await rig.client();
    const item = { workflow: 'gated', key: 'gated', input: { gate, size: 2 }, signals: 0 } as const;
    await client.perform([item]);
    await leaving.untilBegins(1);
    leaving.kill('SIGTERM');
    await leaving.untilMark('closing');
    writeFileSync(gate, '');
    expect(await leaving.ended).toEqual({ code: 0, signal: null });
    expect(leaving.begins()).toHaveLength(1);

    const heir = rig.worker({ name: 'heir' });
    await client.untilNothingIsOpen();
    const { violations, figures } = await judge(rig);
    expect(violations).toEqual([]);
    expect(figures).toMatchObject({ runs: 1, outcomes: 2, attempts: 2, takeovers: 0 });
    expect(heir.begins()).toHaveLength(1);
  });
});
