import { Command } from 'commander';
import { addGlobalOptions, type Cli } from './cli.ts';
import { addCancel } from './commands/act/cancel.ts';
import { addPause, addResume } from './commands/act/pause.ts';
import { addRetry } from './commands/act/retry.ts';
import { addSignal } from './commands/act/signal.ts';
import { addCluster } from './commands/cluster/cluster.ts';
import { addDrain } from './commands/cluster/drain.ts';
import { addFailover } from './commands/cluster/failover.ts';
import { addFailovers } from './commands/cluster/failovers.ts';
import { addStrategy } from './commands/cluster/strategy.ts';
import { addPool } from './commands/cluster/pool.ts';
import { addLocks } from './commands/cluster/locks.ts';
import { addActivate, addRollback } from './commands/definitions/activate.ts';
import { addDefinitions } from './commands/definitions/definitions.ts';
import { addDeploy } from './commands/definitions/deploy.ts';
import { addRollout } from './commands/definitions/rollout.ts';
import { addRun } from './commands/execute/run.ts';
import { addDev } from './commands/execute/node/dev.ts';
import { addServe } from './commands/execute/node/serve.ts';
import { addStart } from './commands/execute/start.ts';
import { addValidate } from './commands/execute/validate.ts';
import { addKeys } from './commands/keys/keys.ts';
import { addHistory } from './commands/look/history.ts';
import { addLogs } from './commands/look/logs.ts';
import { addRuns } from './commands/look/runs.ts';
import { addShow } from './commands/look/show.ts';
import { addWhy } from './commands/look/why.ts';
import { addCompletion } from './commands/operate/completion.ts';
import { addDoctor } from './commands/operate/doctor.ts';
import { addMigrate } from './commands/operate/migrate.ts';
import { addPreflight } from './commands/operate/preflight.ts';
import { addQueues } from './commands/queues/queues.ts';
import { readConfigFile } from './connect/config-file.ts';
import { EXIT, reportError } from './exit.ts';
import { packageVersion } from './package-version.ts';
import type { Terminal } from './terminal.ts';

/** The command `millrace` with everything that it can do. */
export function createProgram(cli: Cli): Command {
  const { terminal } = cli;
  const program = new Command('millrace')
    .description('Durable workflows: plain functions that survive crashes, restarts and deploys.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.tell(text.trimEnd()),
    })
    .exitOverride();
  addGlobalOptions(program);
  program.commandsGroup('Execute:');
  for (const add of [addRun, addStart, addDev, addServe, addValidate]) add(program, cli);
  program.commandsGroup('Look:');
  for (const add of [addRuns, addShow, addHistory, addLogs, addWhy]) add(program, cli);
  program.commandsGroup('Act:');
  for (const add of [addSignal, addCancel, addPause, addResume, addRetry]) add(program, cli);
  program.commandsGroup('Versions:');
  for (const add of [addDefinitions, addDeploy, addActivate, addRollout, addRollback]) add(program, cli);
  program.commandsGroup('Cluster:');
  for (const add of [addCluster, addDrain, addFailover, addFailovers, addStrategy, addPool, addLocks])
    add(program, cli);
  program.commandsGroup('Operate:');
  for (const add of [addQueues, addKeys, addPreflight, addDoctor, addMigrate, addCompletion])
    add(program, cli);
  return program;
}

/**
 * Runs the command with these arguments, the program's own name left out. Never throws.
 * @returns the exit status.
 */
export async function runProgram(terminal: Terminal, args: readonly string[]): Promise<number> {
  try {
    const cli: Cli = { terminal, file: await readConfigFile(terminal), exitCode: EXIT.ok };
    await createProgram(cli).parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    return reportError(terminal, error);
  }
}
