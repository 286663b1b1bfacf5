import { now, sleep } from '../measure/clock.mjs';
import { processCpuMs, treeCpuMs } from '../measure/proc.mjs';
import { onStage } from './stage.mjs';

/** Polls that follow a start have ended by then. */
const SETTLE_MS = 6_000;

/** An engine with nothing to do: what it asks its store, and what processor time that takes on both sides. */
export async function measureIdle({ store }, { postgres, options }) {
  const { engine, idleSeconds, folder } = options;
  return onStage({ store, folder, postgres }, async (stage) => {
    const actor = await stage.enter({ engine, options: {} });
    await sleep(SETTLE_MS);
    const read = async () => ({
      at: now(),
      counters: await actor.ask({ act: 'counters' }),
      engineMs: processCpuMs(actor.pid),
      storeMs: stage.storePid === undefined ? 0 : treeCpuMs(stage.storePid),
    });
    const before = await read();
    await sleep(idleSeconds * 1_000);
    const after = await read();
    await actor.leave();
    const minutes = (after.at - before.at) / 60_000;
    const aMinute = (name) => ((after.counters[name] ?? 0) - (before.counters[name] ?? 0)) / minutes;
    return {
      measured: {
        // On SQLite a transaction is several statements, and looks at the shared memory are statements too.
        'calls/min': aMinute(store === 'postgres' ? 'statements' : 'transactions'),
        'engine ms CPU/min': (after.engineMs - before.engineMs) / minutes,
        'store ms CPU/min': (after.storeMs - before.storeMs) / minutes,
      },
    };
  });
}
