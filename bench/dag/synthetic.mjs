import { join } from 'node:path';
import { onStage } from '../scale/stage.mjs';

/** Runs of either program. */
const PAIRS = 8;
/** In all runs of a graph together. */
const NODES = 100_000;
const ACTOR = join(import.meta.dirname, 'actor.mjs');

/** A graph of nodes that do nothing, on one engine which also waits for the result. */
export async function measureSynthetic({ store, shape, size }, { postgres, options }) {
  return onStage({ store, folder: options.folder, postgres, actor: ACTOR }, async (stage) => {
    const actor = await stage.enter({ engine: options.engine, options: { name: 'engine' } });
    for (const [name, count] of [
      ['warm-up', Math.min(size, 2_000)],
      ['graph', size],
    ])
      await actor.ask({ act: 'deployGraph', name, shape, size: count, executor: 'noop' });
    await actor.ask({ act: 'run', name: 'warm-up' });
    // Small graphs run again and again, so that all sizes are measured on as many nodes, by a process as warm.
    const runs = Math.max(1, Math.round(NODES / size));
    const total = { ms: 0, cpuMs: 0, highestMb: 0 };
    for (let run = 0; run < runs; run++) {
      const { ms, cpuMs, highestMb } = await actor.ask({ act: 'run', name: 'graph' });
      total.ms += ms;
      total.cpuMs += cpuMs;
      total.highestMb = highestMb;
    }
    const nodes = runs * size;
    const { ms, cpuMs, highestMb } = total;
    return {
      ...{ runs, 'ms/run': ms / runs, 'µs/node': (ms * 1_000) / nodes, 'nodes/s': (nodes * 1_000) / ms },
      ...{ 'cpu µs/node': (cpuMs * 1_000) / nodes, highestMb },
    };
  });
}

/** A graph of calls that do nothing: as a definition, and as a program. What costs is the interpreter. */
export async function measureCode({ store, shape, size }, { postgres, options }) {
  return onStage({ store, folder: options.folder, postgres, actor: ACTOR }, async (stage) => {
    const actor = await stage.enter({
      engine: options.engine,
      code: { shape, size },
      options: { name: 'engine' },
    });
    // A program calls as soon as it can, so the definition may, too.
    const graph = { name: 'graph', shape, size, executor: 'nothing', concurrency: size };
    await actor.ask({ act: 'deployGraph', ...graph });
    const best = {};
    for (let run = 0; run < 2 * PAIRS; run++) {
      const name = run % 2 === 0 ? 'graph' : 'code';
      const { ms, cpuMs } = await actor.ask({ act: 'run', name });
      best[name] = {
        ms: Math.min(ms, best[name]?.ms ?? ms),
        cpuMs: Math.min(cpuMs, best[name]?.cpuMs ?? cpuMs),
      };
    }
    const { graph: definition, code: program } = best;
    return {
      ...{
        'definition ms': definition.ms,
        'program ms': program.ms,
        'time ratio': definition.ms / program.ms,
      },
      ...{
        'definition cpu ms': definition.cpuMs,
        'program cpu ms': program.cpuMs,
        'cpu ratio': definition.cpuMs / program.cpuMs,
      },
    };
  });
}

/** A run of which the last node waits: how long another process takes to have it in memory and to end it. */
export async function measureReplay({ store, shape, size }, { postgres, options }) {
  return onStage({ store, folder: options.folder, postgres, actor: ACTOR }, async (stage) => {
    const first = await stage.enter({ engine: options.engine, options: { name: 'first' } });
    const graph = { name: 'graph', shape, size, executor: 'nothing', signal: 'go' };
    await first.ask({ act: 'deployGraph', ...graph });
    const runId = await first.ask({ act: 'start', name: 'graph' });
    const { events } = await first.ask({ act: 'untilWaiting', runId });
    await first.leave();
    const second = await stage.enter({ engine: options.engine, options: { name: 'second' } });
    const { ms, cpuMs } = await second.ask({ act: 'signal', runId, signal: 'go' });
    return { events, ms, cpuMs };
  });
}
