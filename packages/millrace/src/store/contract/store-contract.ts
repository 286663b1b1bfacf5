import { describe, test } from 'vitest';
import { keyStorePromises } from './access/keys.ts';
import { auditPromises } from './audit/audit.ts';
import { versionCountPromises } from './definitions/counts.ts';
import { definitionPromises } from './definitions/definitions.ts';
import { draftPromises } from './definitions/drafts.ts';
import { definitionRacePromises } from './definitions/races.ts';
import { routePromises } from './definitions/routes.ts';
import { failoverPromises } from './engines/failovers.ts';
import { incarnationPromises } from './engines/incarnations.ts';
import { leasePromises } from './engines/leases.ts';
import { settingPromises } from './engines/settings.ts';
import { suspectPromises } from './engines/suspects.ts';
import { agreementPromises } from './limits/agreement.ts';
import { keyLimitPromises } from './limits/key.ts';
import { limitPromises } from './limits/limit.ts';
import { ratePromises } from './limits/rate.ts';
import { linePromises } from './lines/lines.ts';
import { workPromises } from './engines/work.ts';
import { lockPromises } from './locks/processes.ts';
import { runLockPromises } from './locks/runs.ts';
import { changePromises } from './reads/changes.ts';
import { pausePromises } from './pauses/pauses.ts';
import { historyPromises } from './reads/history.ts';
import { listingPromises } from './reads/listing.ts';
import { namespacePromises } from './reads/namespaces.ts';
import { assignPromises } from './runs/assign.ts';
import { claimPromises } from './runs/claim.ts';
import { closePromises } from './runs/close.ts';
import { commitPromises } from './runs/commit.ts';
import { deliverPromises } from './runs/deliver.ts';
import { keyPromises } from './runs/keys.ts';
import { startPromises } from './runs/start.ts';
import { transactPromises } from './runs/transact.ts';
import { wakePromises } from './runs/wake.ts';
import { concurrencyPromises } from './storage/concurrency.ts';
import { fidelityPromises } from './storage/fidelity.ts';
import { migratePromises } from './storage/migrate.ts';
import type { Promises, Subject } from './subject.ts';

const SUBJECTS: Readonly<Record<string, Promises>> = {
  start: startPromises,
  keys: keyPromises,
  claim: claimPromises,
  assign: assignPromises,
  commit: commitPromises,
  close: closePromises,
  deliver: deliverPromises,
  wake: wakePromises,
  transact: transactPromises,
  incarnations: incarnationPromises,
  leases: leasePromises,
  settings: settingPromises,
  failovers: failoverPromises,
  suspects: suspectPromises,
  definitions: definitionPromises,
  drafts: draftPromises,
  routes: routePromises,
  'definitions at once': definitionRacePromises,
  'counts of versions': versionCountPromises,
  'API keys': keyStorePromises,
  limits: limitPromises,
  rates: ratePromises,
  'keys of limits': keyLimitPromises,
  'limits and their rule': agreementPromises,
  work: workPromises,
  locks: lockPromises,
  'locks of runs': runLockPromises,
  pauses: pausePromises,
  history: historyPromises,
  listing: listingPromises,
  namespaces: namespacePromises,
  changes: changePromises,
  fidelity: fidelityPromises,
  concurrency: concurrencyPromises,
  'logs of runs': linePromises,
  audit: auditPromises,
  migrate: migratePromises,
};

/** What every backend promises, whatever its database: each promise on a fresh, empty store. */
export function storeContract(name: string, open: () => Promise<Subject>): void {
  for (const [subject, promises] of Object.entries(SUBJECTS)) {
    describe(`${name}: ${subject}`, () => {
      for (const [promise, keep] of Object.entries(promises)) {
        // oxlint-disable-next-line vitest/expect-expect, vitest/valid-title -- both are in the promise
        test(promise, async () => {
          const opened = await open();
          try {
            await keep(opened);
          } finally {
            await opened.close();
          }
        });
      }
    });
  }
}
