import type { Command } from 'commander';
import { readConfiguration, type ConfigurationReport, type EffectiveSetting } from '../../../config.ts';
import { maskUrl } from '../../../core/configuration/mask-url.ts';
import { printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { EXIT } from '../../exit.ts';
import { storeAddress, type StoreAddress } from '../../connect/store-address.ts';
import { doctorLines } from './doctor-lines.ts';
import type { Check, Diagnosis } from './diagnosis.ts';
import { examineStore } from './examine-store.ts';

/** The oldest Node that runs TypeScript modules and has `node:sqlite` as this version needs it. */
const LEAST_NODE = [22, 18] as const;

/** `doctor`: what applies here, and what does not work. */
export function addDoctor(program: Command, cli: Cli): void {
  program
    .command('doctor')
    .description('show the configuration as it applies, and check Node, store, schema, engines and clocks')
    .action(async (_own: object, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const { terminal } = cli;
      const report = readConfiguration(terminal.env, terminal.readFile, cli.file);
      const address = storeAddress(options, report.configuration.store);
      const store = await examineStore(address);
      const checks = [...environmentChecks(report), nodeCheck(process.versions.node), ...store.checks];
      const diagnosis: Diagnosis = {
        ok: checks.every(({ status }) => status !== 'failed'),
        checks,
        configuration: withStore(report.effective, address),
        node: { version: process.versions.node, platform: `${process.platform} ${process.arch}` },
        store: store.findings,
      };
      printResult(cli, options.json, diagnosis, () => doctorLines(terminal, diagnosis));
      if (!store.findings.reachable) cli.exitCode = EXIT.unreachable;
      else if (report.problems.length > 0) cli.exitCode = EXIT.usage;
      else if (!diagnosis.ok) cli.exitCode = EXIT.failed;
    });
}

/** `--store` goes before the environment. */
function withStore(
  effective: readonly EffectiveSetting[],
  { url, source }: StoreAddress,
): EffectiveSetting[] {
  return effective.map((setting) =>
    setting.name === 'DATABASE_URL' && source === '--store'
      ? { ...setting, value: maskUrl(url), source }
      : setting,
  );
}

function environmentChecks({ problems, warnings }: ConfigurationReport): Check[] {
  const name = 'environment';
  const found = [
    ...problems.map((problem): Check => {
      return { name, status: 'failed', message: `${problem.name}=${problem.value} ${problem.message}` };
    }),
    ...warnings.map((message): Check => ({ name, status: 'warning', message })),
  ];
  return found.length > 0 ? found : [{ name, status: 'ok', message: 'every variable can be read' }];
}

function nodeCheck(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = LEAST_NODE;
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) {
    return { name: 'node', status: 'ok', message: version };
  }
  const message = `${version} is too old: Millrace needs ${LEAST_NODE.join('.')} or later`;
  return { name: 'node', status: 'failed', message };
}
