import { existsSync } from 'node:fs';
import { maskUrl } from '../../../core/configuration/mask-url.ts';
import { openStore } from '../../../open-store.ts';
import type { EngineRow, Store } from '../../../store/port/store.ts';
import { answering } from '../../connect/open-client.ts';
import { span } from '../../output/run-words.ts';
import { couldMake, databaseFile, type StoreAddress } from '../../connect/store-address.ts';
import type { Check, EngineFindings, StoreFindings } from './diagnosis.ts';

/** An engine that beats every second and has been silent for so long is likely gone. */
const SILENT_MS = 10_000;
/** Timers are off by as much as the clocks are. */
const CLOCK_TOLERANCE_MS = 1000;

/** Looks at a store without changing it: no file is made, no schema. */
export async function examineStore(
  address: StoreAddress,
): Promise<{ findings: StoreFindings; checks: readonly Check[] }> {
  const url = maskUrl(address.url);
  const nothing = { name: null, durability: null, schema: null, clock: null, engines: [] };
  const unknown: StoreFindings = { url, source: address.source, reachable: false, ...nothing };
  const file = databaseFile(address.url);
  if (file !== undefined && !existsSync(file)) {
    const reachable = couldMake(file);
    const message = reachable
      ? `${url} does not exist yet: the first run, or \`millrace migrate\`, makes it`
      : `${url} does not exist and cannot be made`;
    const check: Check = { name: 'store', status: reachable ? 'warning' : 'failed', message };
    return { findings: { ...unknown, reachable }, checks: [check] };
  }
  try {
    return await askStore(address, unknown);
  } catch (error) {
    const message = `${url} cannot be reached: ${(error as Error).message}`;
    return { findings: unknown, checks: [{ name: 'store', status: 'failed', message }] };
  }
}

async function askStore(
  { url }: StoreAddress,
  unknown: StoreFindings,
): Promise<{ findings: StoreFindings; checks: readonly Check[] }> {
  const store = await answering(url, openStore(url));
  try {
    const { from: found, to: needed } = await answering(url, store.migrate({ dryRun: true }));
    const { name, durability } = store;
    const seen = { ...unknown, reachable: true, name, durability, schema: { found, needed } };
    const checks: Check[] = [{ name: 'store', status: 'ok', message: `${seen.url} (${durability.profile})` }];
    if (found < needed) {
      const message = `schema ${found}, this version needs ${needed}: run \`millrace migrate\``;
      return { findings: seen, checks: [...checks, { name: 'schema', status: 'warning', message }] };
    }
    checks.push({ name: 'schema', status: 'ok', message: `schema ${found}` });
    const { clock, engines } = await askEngines(store);
    return {
      findings: { ...seen, clock, engines },
      checks: [...checks, clockCheck(clock), enginesCheck(engines)],
    };
  } finally {
    await store.close();
  }
}

async function askEngines(
  store: Store,
): Promise<Pick<Required<StoreFindings>, 'engines'> & { clock: Clock }> {
  const sent = Date.now();
  const { storeTime, engines } = await store.listEngines();
  const received = Date.now();
  const clock = {
    differenceMs: Math.round((sent + received) / 2 - storeTime),
    uncertaintyMs: received - sent,
  };
  return { clock, engines: engines.map((row) => findingsOf(row, storeTime)) };
}

type Clock = NonNullable<StoreFindings['clock']>;

function findingsOf(
  { engineId, name, host, pid, startedAt, beatAt }: EngineRow,
  storeTime: number,
): EngineFindings {
  return {
    engineId,
    name,
    host,
    pid,
    startedAt: new Date(startedAt).toISOString(),
    lastBeatAt: new Date(beatAt).toISOString(),
    beatAgeMs: Math.max(0, storeTime - beatAt),
  };
}

function clockCheck({ differenceMs, uncertaintyMs }: Clock): Check {
  const off = Math.abs(differenceMs);
  const message = `this machine and the store differ by ${span(off)}`;
  return { name: 'clock', status: off > CLOCK_TOLERANCE_MS + uncertaintyMs ? 'warning' : 'ok', message };
}

function enginesCheck(engines: readonly EngineFindings[]): Check {
  const alive = engines.filter(({ beatAgeMs }) => beatAgeMs < SILENT_MS);
  if (alive.length > 0) return { name: 'engines', status: 'ok', message: `${alive.length} alive` };
  const message = engines.length === 0 ? 'none is running' : `none is alive, ${engines.length} fell silent`;
  return { name: 'engines', status: 'warning', message };
}
