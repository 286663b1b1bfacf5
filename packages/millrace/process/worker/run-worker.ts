import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Millrace, type EngineLog } from '../../src/index.ts';
import { nodePorts } from '../../src/ports/node-ports.ts';
import { OPEN_STATUSES } from '../../src/core/status.ts';
import { hostileWorkflows } from './hostile-workflows.ts';
import { openLedger } from './ledger.ts';
import type { WorkerSettings } from './settings.ts';
import { journeysOf, timedWorkflows } from './timed-workflows.ts';
import { calmWorkflows } from './workflows.ts';
import { ackedIn, perform, type Item } from './workload.ts';

/*
 * An engine process of the fault tests: works on a store until SIGTERM, or until everything has ended when it was
 * given runs to start. Everything it does is in its ledger.
 */
const settings = JSON.parse(process.argv[2] ?? '{}') as WorkerSettings;
const ledger = openLedger(settings.ledger, settings.name, settings.sync);
const calm = calmWorkflows(ledger, settings.dialect);
const { hold } = settings;
const timed = timedWorkflows(calm.work, () => hold !== undefined && existsSync(hold));
const hostile = hostileWorkflows(calm.work, ledger, settings.name);

const millrace = await open();
ledger.write({ kind: 'mark', mark: 'ready' });
process.once('SIGTERM', () => void leave());
if (settings.journeys !== undefined) {
  await startAll(journeysOf(settings.journeys));
} else if (settings.items.length > 0) {
  await startAll(settings.items);
  await untilNothingIsOpen();
  ledger.write({ kind: 'mark', mark: 'all-ended' });
  await leave();
}

async function startAll(items: readonly Item[]): Promise<void> {
  const acked = ackedIn(settings.earlier);
  await Promise.all(items.map((item) => perform(millrace, item, ledger, acked)));
  ledger.write({ kind: 'mark', mark: 'all-started' });
}

async function open(): Promise<Millrace> {
  try {
    const { offers } = settings;
    const { workflows, executors } = hostile;
    return await Millrace.open({
      store: settings.store,
      name: settings.name,
      workflows:
        offers === 'executors'
          ? []
          : [...Object.values(calm.workflows), ...Object.values(workflows), ...Object.values(timed)],
      executors: offers === 'workflows' ? {} : { ...calm.executors, ...executors },
      beat: settings.beatMs,
      lease: settings.leaseMs,
      suspect: settings.suspectMs,
      concurrency: settings.concurrency,
      idlePoll: 200,
      log: note,
      ports: settings.host === undefined ? undefined : portsOf(settings.host),
    });
  } catch (error) {
    const text =
      error instanceof Error
        ? `${error.name} ${'code' in error ? String(error.code) : ''}: ${error.message}`
        : '';
    ledger.write({ kind: 'mark', mark: 'refused', text });
    throw error;
  }
}

function note(entry: EngineLog): void {
  if (entry.source !== 'engine') return;
  const { level, message, fields } = entry;
  ledger.write({ kind: 'log', level, message, fields });
}

function portsOf(host: string) {
  const ports = nodePorts(note);
  return { ...ports, host: { ...ports.host, host } };
}

/** Blocked runs do not count: nothing here can help them. */
async function untilNothingIsOpen(): Promise<void> {
  const status = OPEN_STATUSES.filter((one) => one !== 'blocked');
  // oxlint-disable-next-line no-await-in-loop -- looks until nothing is left
  while ((await millrace.runs({ status, limit: 1 })).runs.length > 0) await pause(20);
}

async function leave(): Promise<void> {
  ledger.write({ kind: 'mark', mark: 'closing' });
  await millrace.close({ grace: settings.graceMs });
  ledger.write({ kind: 'mark', mark: 'closed' });
  process.exit(0);
}
