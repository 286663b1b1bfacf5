import { splitVersion } from '../../core/cluster/demands.ts';
import { PreflightTally, type PreflightReport, type Verdict } from '../../core/rehearsal/report.ts';
import { OPEN_STATUSES } from '../../core/status.ts';
import type { NamedWorkflow } from '../../core/workflow/workflow.ts';
import type { RunRow, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';
import type { Build } from './build.ts';
import type { RehearsalJob } from './rehearser.ts';

/** What a preflight works with. */
export interface PreflightParts<W extends NamedWorkflow> {
  readonly namespace: string;
  readonly build: Build<W>;
  rehearse(job: RehearsalJob<W>): Promise<Verdict>;
  /** How many runs that would break are told one by one. */
  readonly most: number;
  /** Hears how many were looked at so far, and how many of them would break. */
  readonly onProgress?: ((runs: number, breaking: number) => void) | undefined;
}

const PAGE = 1_000;
/** Of runs whose histories are in memory at once: one that is longer is alone. */
const BATCH_EVENTS = 10_000;
const BATCH_RUNS = 64;

/**
 * Holds every open run of a build's workflows against it, and changes nothing. Runs go on meanwhile: each is judged as it
 * stood when its history was read, and one that has ended by then does not count.
 */
export async function preflight<W extends NamedWorkflow>(
  store: Store,
  parts: PreflightParts<W>,
): Promise<PreflightReport> {
  const tally = new PreflightTally(parts.most);
  for (const workflow of parts.build.names) {
    let before: string | undefined;
    do {
      const filter = { namespace: parts.namespace, status: OPEN_STATUSES, workflow, limit: PAGE, before };
      // oxlint-disable-next-line no-await-in-loop -- a page is known only by the one before it
      const page = await ask(() => store.listRuns(filter));
      for (const batch of batchesOf(page.runs)) {
        // oxlint-disable-next-line no-await-in-loop -- batch by batch, so that memory is bounded
        const judged = await Promise.all(batch.map((run) => judge(store, parts, run)));
        for (const add of judged) add(tally);
        parts.onProgress?.(tally.runs, tally.breaking);
      }
      before = page.next;
    } while (before !== undefined);
  }
  return tally.report();
}

/** What the tally is to be told of a run. */
async function judge<W extends NamedWorkflow>(
  store: Store,
  { build, rehearse }: PreflightParts<W>,
  row: RunRow,
): Promise<(tally: PreflightTally) => void> {
  const { runId, key, workflow: name, status } = row;
  const { version } = splitVersion(row.workflowVersion);
  const run = { runId, key, workflow: name, version, status };
  const workflow = build.forRun(name, version);
  if (workflow === undefined) return (tally) => tally.addStranded(run);
  const chunks = await ask(() => store.readHistory(runId));
  const verdict = await rehearse({ workflow, runId, chunks });
  return (tally) => tally.add(run, workflow.version, verdict);
}

function* batchesOf(runs: readonly RunRow[]): Generator<readonly RunRow[]> {
  let batch: RunRow[] = [];
  let events = 0;
  for (const run of runs) {
    if (batch.length === BATCH_RUNS || (batch.length > 0 && events + run.events > BATCH_EVENTS)) {
      yield batch;
      batch = [];
      events = 0;
    }
    batch.push(run);
    events += run.events;
  }
  if (batch.length > 0) yield batch;
}
