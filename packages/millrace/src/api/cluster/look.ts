import { describeCluster, type ClusterDescription } from '../../core/cluster/describe-cluster.ts';
import { describeFailover, type FailoverDescription } from '../../core/cluster/describe-failover.ts';
import { decodeProfile } from '../../core/cluster/profile.ts';
import { MillraceError, show } from '../../core/errors.ts';
import { decodeRule, RULE_SETTING } from '../../core/placement/rule.ts';
import type { StrategyName } from '../../core/placement/strategy.ts';
import type { Library } from '../../engine/claim/repertoire.ts';
import type { FailoverEvent, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';
import { requireWhole } from '../run/whole.ts';

/** Which failovers, newest first. `before`: the `next` that the page before ended with. */
export interface FailoversFilter {
  limit?: number | undefined;
  before?: string | undefined;
}

/** A process that was declared dead, or left, is shown this long. */
const SHOW_DEAD_MS = 3_600_000;
const MOST_FAILOVERS = 1_000;
const EVENT_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** What this process was told: engines that it expects, and what holds where no strategy is set for all. */
export interface OwnExpectations {
  readonly namespace: string;
  readonly expectedEngines: readonly string[];
  readonly strategy: StrategyName;
}

/**
 * The engines of the namespace: who serves another is nobody's business here.
 * @param library - whose definitions engines can run besides their code.
 */
export async function readCluster(
  store: Store,
  own: OwnExpectations,
  library: Library,
): Promise<ClusterDescription> {
  await ask(() => library.refresh());
  const {
    storeTime: now,
    engines: all,
    leader,
  } = await ask(() => store.listEngines({ retiredMs: SHOW_DEAD_MS }));
  const engines = all.filter(({ profile }) => serves(profile, own.namespace));
  const { settings } = await ask(() => store.readSettings());
  const set = settings.find(({ name }) => name === RULE_SETTING)?.value;
  const { strategy, shadow } = decodeRule(set, own.strategy);
  const expected = own.expectedEngines;
  return describeCluster({ now, engines, leader, expected, strategy, shadow, stored: library.stored() });
}

export async function readFailovers(
  store: Store,
  namespace: string,
  { limit = 50, before }: FailoversFilter,
): Promise<{ failovers: FailoverDescription[]; next: string | undefined }> {
  requireWhole('failovers: limit', limit, 1, MOST_FAILOVERS);
  if (before !== undefined && !EVENT_ID.test(before)) {
    const remedy = 'Pass the `next` that the page before ended with.';
    throw new MillraceError('INVALID_ARGUMENT', `failovers: before is ${show(before)}`, { remedy });
  }
  const found: FailoverEvent[] = [];
  for (let from = before; ;) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const events = await ask(() => store.listFailovers({ limit: limit + 1, before: from }));
    found.push(...events.filter(({ profile }) => serves(profile, namespace)));
    from = events.at(-1)?.eventId;
    if (found.length > limit || events.length <= limit) break;
  }
  const failovers = found.slice(0, limit).map((event) => describeFailover(withoutOthers(event, namespace)));
  return { failovers, next: found.length > limit ? failovers.at(-1)?.eventId : undefined };
}

/** Whoever took over may serve another namespace. */
function withoutOthers(event: FailoverEvent, namespace: string): FailoverEvent {
  if (serves(event.takeoverProfile, namespace)) return event;
  return { ...event, takeoverId: undefined, takeoverName: undefined };
}

function serves(profile: Uint8Array | undefined, namespace: string): boolean {
  return profile !== undefined && decodeProfile(profile).namespace === namespace;
}
