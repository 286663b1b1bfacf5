import { afterEach, describe, expect, test } from 'vitest';
import { judge, type Verdict } from './judge/judge.ts';
import type { StoreKind } from './rig/place.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { calmItems } from './worker/workload.ts';

const TABLE: Record<StoreKind, string> = { sqlite: 'migrations', postgres: 'millrace.migrations' };
/** The last step: what was done before it must be found done. */
const LAST_STEP: Record<StoreKind, number> = { sqlite: 2, postgres: 4 };
const ITEMS = calmItems('k', 1);

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))('processes that open a fresh store at once all come to work', async () => {
    rig = await openRig(kind);
    const engines = ['one', 'two', 'three'].map((name) => rig.worker({ name, concurrency: 2 }));
    await Promise.all(engines.map((engine) => engine.untilMark('ready')));
    expect(await workAndJudge()).toMatchObject(WELL);
    for (const engine of engines) expect(engine.begins().length, engine.name).toBeGreaterThan(0);
  });

  test.skipIf(!canOpen(kind))('a process that dies while it migrates stops no other', async () => {
    rig = await openRig(kind);
    const victim = rig.worker({ name: 'victim', crashPoint: `migrate.mid:${LAST_STEP[kind]}` });
    expect(await victim.ended).toEqual({ code: null, signal: 'SIGKILL' });
    const heir = rig.worker({ name: 'heir' });
    await heir.untilMark('ready');
    expect(await workAndJudge()).toMatchObject(WELL);
  });

  test.skipIf(!canOpen(kind))('a newer schema refuses an older engine, which says so', async () => {
    rig = await openRig(kind);
    const first = rig.worker({ name: 'first', items: ITEMS });
    expect(await first.ended).toEqual({ code: 0, signal: null });
    const now = kind === 'sqlite' ? '0' : 'now()';
    await rig.execute(
      `INSERT INTO ${TABLE[kind]} (id, name, checksum, at) VALUES (99, 'of later', '', ${now})`,
    );

    const older = rig.worker({ name: 'older' });
    expect(await older.ended).toEqual({ code: 1, signal: null });
    const [refusal] = older.entries();
    expect(refusal).toMatchObject({ kind: 'mark', mark: 'refused' });
    expect(refusal).toHaveProperty(
      'text',
      expect.stringMatching(/^MillraceError STORE_SCHEMA_NEWER: .*schema 99/),
    );
    await rig.execute(`DELETE FROM ${TABLE[kind]} WHERE id = 99`);
    const { violations, figures } = await judge(rig);
    expect(violations).toEqual([]);
    expect(figures.started).toBe(ITEMS.length);
  });
});

const WELL = { violations: [], figures: { started: ITEMS.length, takeovers: 0 } };

async function workAndJudge(): Promise<Verdict> {
  const client = await rig.client();
  await client.perform(ITEMS);
  await client.untilNothingIsOpen();
  return judge(rig);
}
