import { MillraceError, isMillraceError } from '../../../core/errors.ts';
import type { RunDescription } from '../../../core/reading/describe-run.ts';
import type { RunStatus } from '../../../core/status.ts';
import type { Cli, GlobalOptions } from '../../cli.ts';
import { EXIT } from '../../exit.ts';
import type { House, HouseRun } from '../../house/house.ts';
import { runTable } from '../../output/run-table.ts';
import { readWhere } from '../../connect/selection.ts';
import { printResult } from '../../cli.ts';

/** Options of every act that can be done to many runs. */
export type BulkOptions = GlobalOptions & { readonly where?: string; readonly yes?: boolean };

/** What is done to each run, in words and in code. */
export interface Act {
  readonly verb: string;
  /** Runs in other statuses are left out: the act means nothing to them. */
  readonly statuses: readonly RunStatus[];
  /** No engine is needed for it to take effect. */
  readonly atOnce?: boolean;
  readonly perform: (run: HouseRun) => Promise<void>;
}

const PAGE = 1000;
const PREVIEW = 10;
const AT_ONCE = 50;

/**
 * Does the same to all runs that `--where` selects: shows how many and which, and asks first.
 * @returns for how many it was done.
 */
export async function actOnMany(cli: Cli, house: House, options: BulkOptions, act: Act): Promise<number> {
  const { terminal } = cli;
  const rows = await select(house, options.where ?? '', act.statuses);
  const preview = rows.slice(0, PREVIEW);
  for (const line of runTable({ ...terminal, outStyle: terminal.tellStyle }, preview)) terminal.tell(line);
  if (rows.length > PREVIEW) terminal.tell(`… and ${rows.length - PREVIEW} more`);
  if (rows.length > 0) {
    terminal.tell(`${act.verb}: ${countOf(rows.length)}`);
    if (!(await isAgreed(cli, options, `${act.verb} ${countOf(rows.length)}?`))) return 0;
  }
  const failed = await performAll(house, rows, act);
  const done = rows.length - failed.length;
  const result = { matched: rows.length, done, failed };
  printResult(cli, options.json, result, () => [
    `${act.verb}: done for ${done} of ${countOf(rows.length)}`,
    ...failed.map(({ runId, message }) => `${runId}: ${message}`),
  ]);
  if (failed.length > 0) cli.exitCode = EXIT.failed;
  return done;
}

/** Only what the act means something to: a status filter narrows that further. */
async function select(
  house: House,
  where: string,
  statuses: readonly RunStatus[],
): Promise<RunDescription[]> {
  const selection = readWhere(where);
  const status = statuses.filter((word) => selection.status?.includes(word) ?? true);
  const rows: RunDescription[] = [];
  if (status.length === 0) return rows;
  for (let cursor: string | undefined; ;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await house.runs({ ...selection, status, limit: PAGE, cursor });
    rows.push(...page.items);
    if (page.nextCursor === null) return rows;
    cursor = page.nextCursor;
  }
}

async function isAgreed({ terminal }: Cli, { yes }: BulkOptions, question: string): Promise<boolean> {
  if (yes === true) return true;
  const answer = await terminal.confirm(question);
  if (answer === undefined) {
    throw new MillraceError('INVALID_ARGUMENT', 'nothing was changed: this needs to be confirmed', {
      remedy: 'Repeat the command with --yes.',
    });
  }
  if (!answer) terminal.tell('nothing was changed');
  return answer;
}

interface Refusal {
  readonly runId: string;
  readonly code: string;
  readonly message: string;
}

async function performAll(house: House, rows: readonly RunDescription[], act: Act): Promise<Refusal[]> {
  const failed: Refusal[] = [];
  const perform = async ({ runId }: RunDescription): Promise<void> => {
    try {
      await act.perform(house.run(runId));
    } catch (error) {
      // A run that ended meanwhile is reported, and the others go on; anything else concerns them all.
      if (!isMillraceError(error)) throw error;
      failed.push({ runId, code: error.code, message: error.message });
    }
  };
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    // oxlint-disable-next-line no-await-in-loop -- so many at once and no more
    await Promise.all(rows.slice(from, from + AT_ONCE).map(perform));
  }
  return failed;
}

function countOf(runs: number): string {
  return runs === 1 ? '1 run' : `${runs} runs`;
}
