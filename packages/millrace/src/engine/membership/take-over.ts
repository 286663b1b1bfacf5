import type { Engine } from '../engine.ts';
import type { Verdict } from './observer.ts';
import { retire } from './retire.ts';

/** Carries out what the observer found; returns the incarnations that are retired now. */
export type TakeOver = (verdicts: readonly Verdict[]) => Promise<ReadonlySet<string>>;

/**
 * T1  Where failover is off nobody is declared dead here: the silence is reported, once. What somebody else has begun
 * is brought to its end all the same.
 */
export function createTakeOver(engine: Engine): TakeOver {
  let reported = new Map<string, number>();

  const succeed = async ({ row, silentMs }: Verdict): Promise<void> => {
    engine.ports.crashPoint('retire.after-detect');
    const { engineId, beatSeq: expectBeat } = row;
    const how = { deathLimit: engine.options.deathLimit, harmless: false, by: engine.engineId, silentMs };
    await retire(engine.store, { engineId, expectBeat, ...how }, (result) => {
      engine.ports.crashPoint('retire.after-requeue');
      engine.tookOver(row, result);
    });
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
        await succeed(verdict);
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
