import type { Engine } from '../engine.ts';
import type { Instance } from '../instance.ts';
import type { Loop } from '../loop.ts';
import { startLook } from './look.ts';

/**
 * Compares what the store says this engine owns with what it holds. Finds messages that no hint announced,
 * and runs that became its own in an answer that was lost: what is owned and not held in two looks goes back to the
 * queue, unless a call from before the first of them is not answered yet: it may be the one that brings the run. What is
 * held and not owned in two looks was paused, or is another's.
 */
export function startAudit(engine: Engine): Loop {
  /** Runs that are owned and not held, and when that was seen first. */
  let unknownSince = new Map<string, number>();
  /** Instances that are held and not owned, as of the last look. */
  let missing: ReadonlySet<Instance> = new Set();
  const ask = async (): Promise<number> => {
    if (!engine.mayClaim()) return engine.options.auditMs;
    const engineId = engine.engineId;
    const owned = await engine.store.listOwned(engineId);
    if (engineId !== engine.engineId) return 0;
    const now = engine.ports.clock.mono();
    const answeredUntil = engine.oldestAcquisition() ?? Number.POSITIVE_INFINITY;
    const unknown = new Map<string, number>();
    const strays: { runId: string; epoch: number; version: number }[] = [];
    for (const run of owned) {
      const instance = engine.held.get(run.runId);
      if (instance === undefined) {
        const since = unknownSince.get(run.runId);
        unknown.set(run.runId, since ?? now);
        if (since !== undefined && since < answeredUntil) strays.push(run);
      } else if (instance.paused !== undefined || run.epoch > instance.row.epoch) {
        // Resumed, and nobody said so.
        engine.lookAt(instance);
      } else if (run.inboxSeq > instance.inboxSeq && !instance.inboxBehind) {
        instance.inboxBehind = true;
        engine.drive(instance);
      }
    }
    missing = lookFor(engine, owned, missing);
    unknownSince = unknown;
    if (strays.length > 0) {
      await engine.store.release(strays);
      engine.hintReady();
    }
    return unknown.size + missing.size > 0 ? engine.options.auditMs / 4 : engine.options.auditMs;
  };
  return startLook(engine, {
    ...{ name: 'audit', ask },
    isIdle: ({ owns }) => !owns && engine.held.size === 0 && unknownSince.size === 0,
  });
}

function lookFor(
  engine: Engine,
  owned: readonly { runId: string }[],
  before: ReadonlySet<Instance>,
): ReadonlySet<Instance> {
  const ids = new Set(owned.map(({ runId }) => runId));
  const missing = new Set<Instance>();
  for (const instance of engine.held.values()) {
    if (ids.has(instance.runId) || instance.busy || instance.paused !== undefined) continue;
    if (before.has(instance)) engine.lookAt(instance);
    else missing.add(instance);
  }
  return missing;
}
