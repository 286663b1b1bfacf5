import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { judge } from './judge/judge.ts';
import { canOpen, openRig, STORES, type Rig } from './rig/rig.ts';
import { until } from './rig/wait.ts';

/** As engines are by default. */
const DEFAULTS = { beatMs: 1_000, leaseMs: 5_000, suspectMs: 1_250 } as const;
const KILLS = 8;
/** A beat and a quarter, and what a busy machine takes. By the lease alone it were more than 5 s. */
const LONGEST_MS = 2_500;

let rig: Rig;
afterEach(() => rig.end());

describe.for(STORES)('on %s', (kind) => {
  test.skipIf(!canOpen(kind))('the run of a process that was killed goes on within seconds', async () => {
    rig = await openRig(kind);
    const gate = join(rig.folder, 'gate');
    const client = await rig.client();
    const heir = rig.worker({ ...DEFAULTS, name: 'heir' });
    await heir.untilMark('ready');
    writeFileSync(`${gate}-heir`, '');
    const [seenMs, resumedMs]: number[][] = [[], []];
    for (let at = 0; at < KILLS; at++) {
      const item = { workflow: 'gated', key: `gated-${at}`, input: { gate, size: 1 }, signals: 0 } as const;
      // On PostgreSQL it seems to be on another machine: only its lock tells that it is gone.
      const host = kind === 'postgres' ? `machine-${at}` : undefined;
      const victim = rig.worker({ ...DEFAULTS, name: `victim-${at}`, host, items: [item] });
      await victim.untilBegins(1);
      // At any moment of a beat.
      await pause(DEFAULTS.beatMs * (1 + at / KILLS));
      const begins = heir.begins().length;
      const killedAt = performance.now();
      victim.kill('SIGKILL');
      const event = await until('the failover', async () => {
        const { failovers } = await client.millrace.failovers();
        return failovers.find(({ failedEngine }) => failedEngine === victim.name);
      });
      seenMs?.push(Math.round(performance.now() - killedAt));
      await heir.untilBegins(begins + 1);
      resumedMs?.push(Math.round(performance.now() - killedAt));
      const runIds = victim.begins().map(({ runId }) => runId);
      expect(event).toMatchObject({ kind: 'detected', takeoverEngine: 'heir', runs: 1, runIds });
    }
    await client.untilNothingIsOpen();
    for (const times of [seenMs, resumedMs]) times?.sort((a, b) => a - b);
    console.log(
      `${kind}, kill to failover ${seenMs?.join(' ')} ms, to the next attempt ${resumedMs?.join(' ')} ms`,
    );
    expect(resumedMs?.at(-1)).toBeLessThan(LONGEST_MS);
    const { violations, figures } = await judge(rig);
    expect(violations).toEqual([]);
    expect(figures.takeovers).toBe(KILLS);
  });
});
