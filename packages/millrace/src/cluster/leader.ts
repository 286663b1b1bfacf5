import { startLoop, type Loop } from '../engine/loop.ts';
import type { EngineOptions } from '../engine/options.ts';
import type { Ports } from '../engine/ports.ts';
import type { Store } from '../store/port/store.ts';

/** What is pruned, and when. What an engine announced says whose its failover was, so it stays for as long. */
const FAILOVERS_MS = 30 * 24 * 3_600_000;
const RETIRED_MS = FAILOVERS_MS + 3_600_000;
const PRUNE_CHUNK = 500;
/** Entries of the audit log are many, and small. */
const AUDIT_CHUNK = 2_000;
/** A log may have thousands of lines. */
const LOG_CHUNK = 50;

const LOOK_MS = 60_000;
/** Pauses while there is more to do are short, and not so short that others wait. */
const MORE_MS = 1_000;

/** What the chores ask of an engine. */
interface Leading {
  leads(): boolean;
  readonly store: Pick<Store, 'prune' | 'pruneAudit' | 'pruneLines'>;
  readonly options: Pick<EngineOptions, 'auditRetentionMs' | 'runLogRetentionMs'>;
}

/**
 * The chores of whoever leads. Two engines may believe that they lead, so each chore is one that two may do.
 */
export function startChores(ports: Ports, engine: Leading): Loop {
  const tick = async (): Promise<number> => {
    if (!engine.leads()) return LOOK_MS;
    const request = { limit: PRUNE_CHUNK, enginesMs: RETIRED_MS, failoversMs: FAILOVERS_MS };
    const { engines, failovers } = await engine.store.prune(request);
    const { auditRetentionMs: auditMs, runLogRetentionMs: logMs } = engine.options;
    const entries = await engine.store.pruneAudit({ auditMs, limit: AUDIT_CHUNK });
    const logs = await engine.store.pruneLines({ logMs, limit: LOG_CHUNK });
    const isMore = Math.max(engines, failovers) === PRUNE_CHUNK || entries === AUDIT_CHUNK;
    return isMore || logs === LOG_CHUNK ? MORE_MS : LOOK_MS;
  };
  const loop = startLoop(ports, 'chores', tick, LOOK_MS);
  loop.within(LOOK_MS);
  return loop;
}
