import type { Command } from 'commander';
import type { EngineDescription } from '../../../core/cluster/describe-cluster.ts';
import type { PoolReport, WorkerReport } from '../../../core/cluster/pool-report.ts';
import type { PoolDecision } from '../../../core/pool/state.ts';
import { instant } from '../../../core/reading/instant.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { withHouse } from '../../connect/open-house.ts';
import { shortInstant } from '../../output/run-words.ts';
import { safeText } from '../../output/safe-text.ts';
import { table } from '../../output/table.ts';
import type { Format, Terminal } from '../../terminal.ts';

/** An engine that has worker processes. */
interface PooledEngine extends Pick<EngineDescription, 'engineId' | 'incarnation' | 'status' | 'lastBeatAt'> {
  readonly pool: PoolReport;
}
interface Row extends WorkerReport {
  readonly engineId: string;
}

const COLOURS: Readonly<Record<WorkerReport['state'], Format>> = {
  starting: 'cyan',
  idle: 'gray',
  busy: 'green',
  draining: 'yellow',
};

/** `pool`: the worker processes of every engine, and why there are as many. */
export function addPool(program: Command, cli: Cli): void {
  program
    .command('pool')
    .description('show the worker processes of isolated executors, and why there are as many')
    .action(async (_own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const cluster = await withHouse(cli, options, (house) => house.cluster());
      const engines = cluster.engines.flatMap(pooled);
      printResult(cli, options.json, { engines }, () => poolLines(cli.terminal, engines));
      if (options.json !== true && engines.length === 0) cli.terminal.tell('no engine has worker processes');
    });
}

/** The processes of an engine that is gone are gone too. */
function pooled({ engineId, incarnation, status, lastBeatAt, pool }: EngineDescription): PooledEngine[] {
  return pool === null || status === 'dead' ? [] : [{ engineId, incarnation, status, lastBeatAt, pool }];
}

function poolLines(terminal: Terminal, engines: readonly PooledEngine[]): string[] {
  if (engines.length === 0) return [];
  const rows = engines.flatMap(({ engineId, pool }) => pool.workers.map((one) => ({ engineId, ...one })));
  return [...engines.flatMap(summaryOf), '', ...workerTable(terminal, rows)];
}

function summaryOf({ engineId, status, lastBeatAt, pool }: PooledEngine): string[] {
  const { target, min, max, queued, running, scaled, replaced } = pool;
  const stale = status === 'suspect' ? `, as of ${shortInstant(lastBeatAt)}` : '';
  const size = `${target} workers wanted, from ${min} to ${max}`;
  return [
    `${safeText(engineId)}: ${size}; ${running} jobs running, ${queued} waiting${stale}`,
    ...(scaled === null ? [] : [`  ${sentence(scaled)}`]),
    ...(replaced === null ? [] : [`  ${sentence(replaced)}`]),
  ];
}

function sentence({ at, kind, from, to, reason }: PoolDecision): string {
  const acts: Readonly<Record<PoolDecision['kind'], string>> = {
    grow: `grew from ${from} to ${to}`,
    shrink: `shrank from ${from} to ${to}`,
    'at-maximum': `stayed at ${to}`,
    replace: 'replaced a worker',
  };
  return `${shortInstant(instant(at))} ${acts[kind]}: ${safeText(reason)}`;
}

function workerTable({ outStyle: style, columns }: Terminal, workers: readonly Row[]): string[] {
  return table(
    [
      { title: 'ENGINE', of: ({ engineId }) => engineId, shrinks: true },
      { title: 'PID', of: ({ pid }) => String(pid), align: 'right' },
      { title: 'STATE', of: ({ state }) => state, paint: ({ state }, cell) => style(COLOURS[state], cell) },
      {
        title: 'CPU',
        of: ({ cpu }) => orBlank(cpu && cpu * 100, '%'),
        align: 'right',
      },
      { title: 'MEMORY', of: ({ rssMb }) => orBlank(rssMb, 'MiB'), align: 'right' },
      { title: 'ACTIVE', of: ({ jobs }) => String(jobs), align: 'right' },
      { title: 'DONE', of: ({ jobsDone }) => String(jobsDone), align: 'right' },
      { title: 'RESTARTS', of: ({ restarts }) => String(restarts), align: 'right' },
    ],
    workers,
    { style, columns },
  );
}

function orBlank(value: number | null, unit: string): string {
  return value === null ? '' : `${Math.round(value)} ${unit}`;
}
