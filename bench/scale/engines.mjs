import { now, sleep } from '../measure/clock.mjs';
import { processCpuMs, treeCpuMs } from '../measure/proc.mjs';
import { countSteps } from '../millrace/durable.mjs';
import { onStage } from './stage.mjs';

const STEPS = 5;
/** Queued runs that must be left at the end: engines that wait for work would be measured waiting. */
const RESERVE = 1.5;

/**
 * So many engines with so many slots each, and more queued runs than they can execute. Counts completions for a while.
 */
export async function measureEngines({ store, count }, { postgres, options }) {
  const { engine, slots, stepMs, seconds, folder } = options;
  const warmUpMs = seconds * 200;
  const idealRate = (count * slots * 1_000) / (STEPS * stepMs);
  const backlog = Math.ceil(idealRate * (seconds + warmUpMs / 1_000 + count) * RESERVE);
  return onStage({ store, folder, postgres }, async (stage) => {
    const client = await stage.enter({ engine, steps: STEPS, options: { work: false } });
    await client.ask({ act: 'startServices', count: backlog, stepMs });
    await client.leave();
    const limits = { concurrency: slots, stepConcurrency: slots };
    const engines = await Promise.all(
      Array.from({ length: count }, (_, at) =>
        stage.enter({ engine, steps: STEPS, options: { ...limits, name: `engine-${at + 1}` } }),
      ),
    );
    const tables = await stage.openTables();
    const cpuMs = () =>
      engines.reduce((sum, { pid }) => sum + processCpuMs(pid), 0) +
      (stage.storePid === undefined ? 0 : treeCpuMs(stage.storePid));
    const read = async () => ({ at: now(), cpu: cpuMs(), completed: await tables.completed('service') });
    await sleep(warmUpMs);
    const before = await read();
    await sleep(seconds * 1_000);
    const after = await read();
    const left = await tables.open();
    await Promise.all(engines.map((one) => one.leave()));
    const steps = countSteps(await tables.chunks());
    const completed = await tables.completed('service');
    await tables.close();
    if (left < count * slots) throw new Error(`only ${left} runs were left: engines have waited for work`);
    if (steps < completed * STEPS)
      throw new Error(`${completed} runs completed with ${steps} recorded steps`);
    const ms = after.at - before.at;
    const rate = ((after.completed - before.completed) * 1_000) / ms;
    return {
      measured: {
        'runs/s': rate,
        'steps/s': rate * STEPS,
        'of ideal': rate / idealRate,
        cpus: (after.cpu - before.cpu) / ms,
      },
    };
  });
}
