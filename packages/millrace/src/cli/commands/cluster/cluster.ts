import type { Command } from 'commander';
import type {
  ClusterDescription,
  EngineDescription,
  EngineStatus,
} from '../../../core/cluster/describe-cluster.ts';
import { printResult, type Cli } from '../../cli.ts';
import type { House } from '../../house/house.ts';
import { safeText } from '../../output/safe-text.ts';
import { shortInstant } from '../../output/run-words.ts';
import { table, type Column } from '../../output/table.ts';
import { addWatch, look, type LookOptions } from '../../output/watch.ts';
import type { Format, Terminal } from '../../terminal.ts';

const COLOURS: Readonly<Record<EngineStatus, Format>> = {
  alive: 'green',
  suspect: 'yellow',
  draining: 'cyan',
  dead: 'red',
};

/** `cluster`: who is there, who leads, and who is missing. */
export function addCluster(program: Command, cli: Cli): void {
  const command = program
    .command('cluster')
    .description('show the engines: who leads, how they stand, and which are missing');
  addWatch(command).action(async () => {
    const options = command.optsWithGlobals<LookOptions>();
    await look(cli, options, readCluster, (shown, cluster) => {
      printResult(shown, options.json, cluster, () => clusterLines(shown.terminal, cluster));
      if (options.json !== true && cluster.engines.length === 0) shown.terminal.tell('no engines');
    });
  });
}

function readCluster(house: House): Promise<ClusterDescription> {
  return house.cluster();
}

function clusterLines(terminal: Terminal, cluster: ClusterDescription): string[] {
  const { leader, term, engines, missing, strategy, shadow } = cluster;
  const unhealthy = engines.filter((engine) => engine.status !== 'dead' && engine.unhealthy !== null);
  return [
    leader === null ? 'nobody leads' : `${safeText(leader)} leads, in term ${term}`,
    `runs are placed by ${strategy}${shadow === null ? '' : `, with ${shadow} in the shadow`}`,
    ...unhealthy.map((engine) => `${safeText(engine.engineId)} is passed over: ${engine.unhealthy}`),
    ...(missing.length === 0 ? [] : [`missing: ${missing.map(safeText).join(', ')}`]),
    ...(engines.length === 0 ? [] : ['', ...engineTable(terminal, engines)]),
  ];
}

/** Shown where an engine has worker processes. */
const WORKERS: Column<EngineDescription> = {
  title: 'WORKERS',
  of: ({ pool }) => (pool === null ? '' : String(pool.workers.length)),
  align: 'right',
};

function engineTable(
  { outStyle: style, columns }: Terminal,
  engines: readonly EngineDescription[],
): string[] {
  return table(
    [
      { title: 'ENGINE', of: ({ engineId }) => engineId, shrinks: true },
      {
        title: 'STATUS',
        of: ({ status }) => status,
        paint: ({ status }, cell) => style(COLOURS[status], cell),
      },
      { title: 'REGION', of: ({ region }) => region ?? '' },
      { title: 'LABELS', of: ({ labels }) => labels.join(',') },
      { title: 'RUNS', of: ({ load }) => String(load.activeWorkflows), align: 'right' },
      { title: 'STEPS', of: ({ load }) => String(load.activeTasks), align: 'right' },
      ...(engines.some(({ pool }) => pool !== null) ? [WORKERS] : []),
      { title: 'CPU', of: ({ load }) => `${Math.round(load.cpuUsage)} %`, align: 'right' },
      { title: 'MEMORY', of: ({ load }) => `${Math.round(load.memoryUsage)} %`, align: 'right' },
      { title: 'LAST BEAT', of: ({ lastBeatAt }) => shortInstant(lastBeatAt) },
      { title: 'INCARNATION', of: ({ incarnation }) => incarnation },
    ],
    engines,
    { style, columns },
  );
}
