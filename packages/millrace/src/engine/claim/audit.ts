import type { Engine } from '../engine.ts';
import type { Loop } from '../loop.ts';
import { startLook } from './look.ts';

/**
 * Compares what the store says this engine owns with what it holds. Finds messages that no hint announced,
 * and runs that became its own in an answer that was lost: what is owned and not held twice in a row goes
 * back to the queue.
 */
export function startAudit(engine: Engine): Loop {
  let unknownBefore = new Set<string>();
  const ask = async (): Promise<number> => {
    if (!engine.mayClaim()) return engine.options.auditMs;
    const engineId = engine.engineId;
    const owned = await engine.store.listOwned(engineId);
    if (engineId !== engine.engineId) return 0;
    const unknown = new Set<string>();
    const strays: { runId: string; epoch: number; version: number }[] = [];
    for (const run of owned) {
      const instance = engine.held.get(run.runId);
      if (instance === undefined) {
        unknown.add(run.runId);
        if (unknownBefore.has(run.runId)) strays.push(run);
      } else if (run.inboxSeq > instance.inboxSeq && !instance.inboxBehind) {
        instance.inboxBehind = true;
        engine.drive(instance);
      }
    }
    unknownBefore = unknown;
    if (strays.length > 0) {
      await engine.store.release(strays);
      engine.hintReady();
    }
    return unknown.size > 0 ? engine.options.auditMs / 4 : engine.options.auditMs;
  };
  return startLook(engine, {
    ...{ name: 'audit', ask },
    isIdle: ({ owns }) => !owns && engine.held.size === 0 && unknownBefore.size === 0,
  });
}
