import type { Engine } from '../engine.ts';
import type { Verdict } from './observer.ts';

export const RETIRE_CHUNK = 500;

/** Carries out what the observer found; returns the incarnations that are retired now. */
export type TakeOver = (verdicts: readonly Verdict[]) => Promise<ReadonlySet<string>>;

/**
 * T1  Where failover is off nobody is declared dead here: the silence is reported, once. What somebody else has begun
 * is brought to its end all the same.
 */
export function createTakeOver(engine: Engine): TakeOver {
  let reported = new Map<string, number>();

  const retire = async ({ row, silentMs }: Verdict): Promise<void> => {
    engine.ports.crashPoint('retire.after-detect');
    const { deathLimit } = engine.options;
    for (let more = true; more;) {
      const how = { limit: RETIRE_CHUNK, deathLimit, harmless: false, by: engine.engineId, silentMs };
      const result = await engine.store.retire(row.engineId, row.beatSeq, how);
      if (!result.retired && result.requeued === 0) return;
      engine.ports.crashPoint('retire.after-requeue');
      more = result.remaining;
      engine.tookOver(row, result);
    }
  };

  const report = ({ row, silentMs }: Verdict): void => {
    if (reported.get(row.engineId) === row.beatSeq) return;
    const message = `engine ${row.name} is silent for ${Math.round(silentMs)} ms; failover is off, so nothing is done`;
    engine.ports.log({ source: 'engine', level: 'warn', message, fields: { engineId: row.engineId } });
  };

  return async (verdicts) => {
    const retired = new Set<string>();
    const silent = new Map<string, number>();
    for (const verdict of verdicts) {
      const { engineId, beatSeq } = verdict.row;
      if (engine.options.failover || verdict.row.retired) {
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await retire(verdict);
        retired.add(engineId);
      } else {
        report(verdict);
        silent.set(engineId, beatSeq);
      }
    }
    reported = silent;
    return retired;
  };
}
