import { expect } from 'vitest';
import { millrace as command } from '../cli/fake-terminal.ts';
import { encodeLoad, type EngineLoad } from '../../src/core/cluster/load.ts';
import { encodeProfile, type EngineProfile } from '../../src/core/cluster/profile.ts';
import type { Millrace, Reason, ReasonCode, Run, RunStatus } from '../../src/index.ts';
import { engineView } from '../placement/engine-views.ts';

/** Waits until the first reason of a run, or of what it leads to in so many links, has this code; gives it. */
export async function reasonOf(run: Run, code: ReasonCode, links = 0): Promise<Reason> {
  let found: Reason | undefined;
  const look = async (): Promise<ReasonCode | undefined> => {
    found = deepest((await run.why()).reasons, links);
    return found?.code;
  };
  await expect.poll(look, { interval: 5, timeout: 8_000 }).toBe(code);
  return found as unknown as Reason; // the last look found it
}

function deepest([first]: readonly Reason[], links: number): Reason | undefined {
  if (links === 0 || first === undefined) return first;
  return deepest(first.causes?.[0]?.reasons ?? [], links - 1);
}

/** Does what a remedy says to paste, on this store. */
export async function obey({ remedy }: Reason, store: string): Promise<void> {
  const words = String(remedy.command).match(/'[^']*'|\S+/g) ?? [];
  const [program, ...args] = words.map((word) => word.replaceAll("'", ''));
  expect(program).toBe('millrace');
  const { status, err } = await command([...args, '--store', store]);
  expect({ command: remedy.command, status, err }).toEqual({
    command: remedy.command,
    status: 0,
    err: expect.any(String),
  });
}

/** An incarnation that beats once and does nothing: its process is somewhere else. */
export async function absentEngine(
  { store }: Millrace,
  name: string,
  { load, ...profile }: Partial<EngineProfile> & { load?: Partial<EngineLoad> } = {},
): Promise<string> {
  const engineId = crypto.randomUUID();
  const view = engineView(name, { beatMs: 60_000, leaseMs: 60_000, ...profile });
  const own = encodeProfile(view);
  await store.register({ engineId, name, host: 'elsewhere', bootId: 'boot', pid: 7, profile: own });
  await store.beat(engineId, encodeLoad({ ...view.load, ...load }));
  return engineId;
}

export async function statusOf(run: Run): Promise<RunStatus> {
  return (await run.describe()).status;
}
