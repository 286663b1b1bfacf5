import type { Command } from 'commander';
import { createBuild } from '../../../api/preflight/build.ts';
import { BREAKS_TOLD } from '../../../api/preflight/options.ts';
import { preflight } from '../../../api/preflight/preflight.ts';
import { durationMs } from '../../../core/duration.ts';
import { MillraceError, show } from '../../../core/errors.ts';
import { withPayloadKeys } from '../../../open-store.ts';
import { configurationOf, printResult, type Cli, type GlobalOptions } from '../../cli.ts';
import { NAMESPACE } from '../../house/find-run.ts';
import { withStore } from '../../connect/open-client.ts';
import { EXIT } from '../../exit.ts';
import { RehearsalThread } from '../../rehearsal/rehearsal-thread.ts';
import { count, preflightLines } from './preflight-lines.ts';

type Options = GlobalOptions & {
  against?: string;
  as: readonly string[];
  limit?: string;
  patience: string;
  strict?: boolean;
};

/** `preflight MODULE… --against STORE`: which open runs a build that is not deployed yet would break. */
export function addPreflight(program: Command, cli: Cli): void {
  program
    .command('preflight')
    .description(
      'rehearse every open run of a store against a new build: which would break, where, what to do',
    )
    .argument('<files...>', 'all that the new build registers: modules and definitions')
    .option('--against <store>', 'the store whose runs are rehearsed; the same as --store')
    .option(
      '--as <name@version>',
      'hold all open runs of NAME against that version of the build',
      collect,
      [],
    )
    .option('--limit <n>', `how many runs that would break are told one by one; default ${BREAKS_TOLD}`)
    .option('--patience <duration>', 'how long a program may take for one run', '30s')
    .option('--strict', 'runs that the build has no version for count as broken')
    .action(async (files: readonly string[], _own: object, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const most = readCount(options.limit);
      const { payloadKeys } = configurationOf(cli).configuration;
      const patienceMs = durationMs(options.patience, '--patience');
      const { tell } = cli.terminal;
      const thread = await RehearsalThread.open({ files, patienceMs, tell });
      try {
        const build = createBuild(thread.workflows, options.as);
        const parts = { namespace: NAMESPACE, build, most, onProgress: progress(cli) };
        const store = options.against ?? options.store;
        const report = await withStore(cli, store === undefined ? options : { ...options, store }, (opened) =>
          preflight(withPayloadKeys(opened, payloadKeys, NAMESPACE), {
            ...parts,
            rehearse: (job) => thread.rehearse(job),
          }),
        );
        printResult(cli, options.json, report, () => preflightLines(cli.terminal, report));
        tell(summary(report));
        const fails = !report.ok || (options.strict === true && report.stranded > 0);
        if (fails) cli.exitCode = EXIT.failed;
      } finally {
        await thread.close();
      }
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function readCount(given: string | undefined): number {
  if (given === undefined) return BREAKS_TOLD;
  if (/^\d+$/.test(given)) return Number(given);
  const remedy = 'Give a whole number, 0 or more.';
  throw new MillraceError('INVALID_ARGUMENT', `--limit is ${show(given)}`, { remedy });
}

const TELL_EVERY_MS = 1_000;

/** A line every second. */
function progress({ terminal }: Cli): (runs: number, breaking: number) => void {
  let told = performance.now();
  return (runs, breaking) => {
    if (performance.now() - told < TELL_EVERY_MS) return;
    told = performance.now();
    terminal.tell(`${count(runs, 'run')} rehearsed, ${breaking} would break`);
  };
}

function summary({ runs, breaking, stranded }: { runs: number; breaking: number; stranded: number }): string {
  const lost = stranded === 0 ? '' : `, ${stranded} would be stranded`;
  return `${count(runs, 'open run')}: ${breaking === 0 ? 'none' : breaking} would break${lost}`;
}
