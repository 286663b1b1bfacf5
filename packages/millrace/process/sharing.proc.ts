import { afterEach, describe, expect, test } from 'vitest';
import { judge } from './judge/judge.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { calmItems } from './worker/workload.ts';

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))('two engines share the work of a client', async () => {
    rig = await openRig(kind);
    const client = await rig.client();
    const items = calmItems('shared', 6);
    // Room for a few at once each, so that neither can take all.
    const engines = ['one', 'two'].map((name) => rig.worker({ name, concurrency: 4 }));
    await Promise.all(engines.map((engine) => engine.untilMark('ready')));
    await client.perform(items);
    await client.untilNothingIsOpen();
    const { violations, figures } = await judge(rig);
    const shares = engines.map((engine) => new Set(engine.begins().map(({ runId }) => runId)).size);
    console.log(`${kind}, shares ${shares.join(' and ')}: ${JSON.stringify(figures)}`);
    expect(violations).toEqual([]);
    expect(figures.takeovers).toBe(0);
    expect(figures.refused).toBe(0);
    for (const share of shares) expect(share).toBeGreaterThan(items.length / 5);
    // Nobody failed: each attempt is recorded, and each failed one was meant to fail.
    const meant = 6 * (2 + 1);
    expect(figures.attempts).toBe(figures.outcomes + meant);
  });
});
