import { Option, type Command } from 'commander';
import { readConfiguration, type ConfigurationReport } from '../config.ts';
import type { ConfigFile } from '../core/configuration/config-file.ts';
import { MillraceError } from '../core/errors.ts';
import { plainJson } from '../core/json/plain-json.ts';
import type { Terminal } from './terminal.ts';

/** Options that every command has. */
export interface GlobalOptions {
  readonly store?: string;
  readonly server?: string;
  readonly json?: boolean;
}

/** What every command works with; made once per invocation. */
export interface Cli {
  readonly terminal: Terminal;
  /** Lies under the environment; undefined: there is none here. */
  readonly file?: ConfigFile | undefined;
  /** The exit status, where it is not 0: a command that ended without an error may still have bad news. */
  exitCode: number;
}

export function addGlobalOptions(program: Command): void {
  program
    .addOption(new Option('--store <url>', 'file:PATH (SQLite) or postgres://…; default: DATABASE_URL'))
    .addOption(new Option('--server <url>', 'a server to talk to; default: MILLRACE_SERVER'))
    .option('--json', 'print the result as JSON');
}

/**
 * The environment as configuration; warnings are told.
 * @throws INVALID_ARGUMENT with every problem at once.
 */
export function configurationOf({ terminal, file }: Cli): ConfigurationReport {
  const report = readConfiguration(terminal.env, terminal.readFile, file);
  for (const warning of report.warnings)
    terminal.tell(`${terminal.tellStyle('yellow', 'warning:')} ${warning}`);
  if (report.problems.length === 0) return report;
  const lines = report.problems.map(
    ({ name, value, message }) => `${value === '' ? `${name}:` : `${name}=${value}`} ${message}`,
  );
  throw new MillraceError('INVALID_ARGUMENT', `the configuration is wrong:\n  ${lines.join('\n  ')}`, {
    remedy: '`millrace doctor` shows the configuration as it applies.',
  });
}

/** Prints the result: JSON where that was asked for, else what `lines` makes for people. */
export function printResult(
  { terminal }: Cli,
  asJson: boolean | undefined,
  value: unknown,
  lines: () => string[],
): void {
  if (asJson === true) terminal.out(plainJson(value));
  else for (const line of lines()) terminal.out(line);
}
