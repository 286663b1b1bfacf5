import { engineStatus } from '../../core/cluster/describe-cluster.ts';
import { decodeProfile } from '../../core/cluster/profile.ts';
import { MillraceError } from '../../core/errors.ts';
import { retire } from '../../engine/membership/retire.ts';
import type { EngineRow, Store } from '../../store/port/store.ts';
import { ask } from '../store-failure.ts';

/** As many characters of an incarnation's id as tell it from others. */
const LEAST_PREFIX = 8;

/** @throws ENGINE_NOT_FOUND, INVALID_ARGUMENT. */
export async function orderDrain(store: Store, namespace: string, engine: string): Promise<EngineRow> {
  const row = await findEngine(store, { namespace, given: engine }, 'drain');
  if (await ask(() => store.orderDrain(row.engineId))) return row;
  throw notFound(engine);
}

/** @throws ENGINE_NOT_FOUND, INVALID_ARGUMENT. */
export async function declareDead(
  store: Store,
  namespace: string,
  engine: string,
  deathLimit: number,
): Promise<{ row: EngineRow; requeued: number }> {
  const row = await findEngine(store, { namespace, given: engine }, 'failover');
  const asked: Pick<Store, 'retire'> = { retire: (...args) => ask(() => store.retire(...args)) };
  const requeued = await retire(asked, { engineId: row.engineId, deathLimit, harmless: true });
  return { row, requeued };
}

/**
 * The incarnation that is meant by its id, the beginning of it, or its name. Of several with one name, `drain` is for
 * the one that beats; which of them is dead only the caller knows. Engines of other namespaces are not there.
 */
async function findEngine(
  store: Store,
  { namespace, given }: { namespace: string; given: string },
  act: 'drain' | 'failover',
): Promise<EngineRow> {
  const { engines, storeTime } = await ask(() => store.listEngines());
  const isMeant = ({ engineId, name }: EngineRow): boolean =>
    name === given || engineId === given || (given.length >= LEAST_PREFIX && engineId.startsWith(given));
  const meant = engines.filter((row) => isMeant(row) && decodeProfile(row.profile).namespace === namespace);
  const beating = meant.filter((row) => engineStatus(row, storeTime) !== 'suspect');
  const [only, ...others] = act === 'drain' && beating.length > 0 ? beating : meant;
  if (only === undefined) throw notFound(given);
  if (others.length === 0) return only;
  const ids = [only, ...others].map(({ engineId }) => engineId);
  const what = `${act}: "${given}" means ${ids.length} incarnations: ${ids.join(', ')}`;
  throw new MillraceError('INVALID_ARGUMENT', what, { remedy: 'Name one of them by its id.' });
}

function notFound(engine: string): MillraceError {
  const what = `no engine "${engine}" is there`;
  return new MillraceError('ENGINE_NOT_FOUND', what, { details: { engine } });
}
