import { STRATEGIES } from '../../core/placement/strategy.ts';
import { playStrategy, type PlayResult } from './play-strategy.ts';
import { WORKLOADS, type Workload } from './workload.ts';

const CLUSTERS = [3, 8, 64];
const COLUMNS = ['strategy', 'wait p50 ms', 'wait p99 ms', 'imbalance', 'cold %'];

/** One table for each workload and size of the cluster, each as soon as it is done. */
export function* compareStrategies(seed: number): Generator<string, void> {
  yield `strategies, SEED=${seed}: loads are seen through a beat of 1 s, and every engine places`;
  for (const workload of WORKLOADS) for (const engines of CLUSTERS) yield table(workload, engines, seed);
}

function table(workload: Workload, engines: number, seed: number): string {
  const rows = STRATEGIES.map((strategy) => [
    strategy,
    ...cells(playStrategy({ workload, strategy, engines, seed })),
  ]);
  const load = `${engines} engines, ${workload.utilisation * 100} % busy`;
  return [`\n${workload.name}; ${load}`, ...[COLUMNS, ...rows].map(line)].join('\n');
}

function cells({ waitP50Ms, waitP99Ms, imbalance, cold }: PlayResult): readonly string[] {
  return [waitP50Ms.toFixed(0), waitP99Ms.toFixed(0), imbalance.toFixed(2), (cold * 100).toFixed(0)];
}

function line([name = '', ...values]: readonly string[]): string {
  return `  ${name.padEnd(22)}${values.map((value) => value.padStart(13)).join('')}`;
}
