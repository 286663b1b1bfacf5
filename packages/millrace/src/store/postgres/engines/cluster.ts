import type { ClusterSettings, FailoverEvent, Leadership, PruneRequest } from '../../port/store.ts';
import type { Connections } from '../database/connect.ts';
import { functionCall } from '../runs/function-call.ts';

const LEAD = functionCall('lead_v1', 2);
const PUT_SETTING = functionCall('put_setting_v1', 4);
const PRUNE = functionCall('prune_v1', 4);

const SETTINGS = 'SELECT s.name, s.value, s.revision, s.changed_at FROM millrace.settings s ORDER BY s.name';

const FAILOVERS = `
SELECT f.event_id, f.kind, f.engine_name, f.takeover_id, f.takeover_name, f.detected_at, f.finished_at, f.silent_ms,
  f.runs, f.run_ids, f.quarantined, f.locks,
  (SELECT e.profile FROM millrace.engines e WHERE e.engine_id = f.event_id),
  (SELECT e.profile FROM millrace.engines e WHERE e.engine_id = f.takeover_id)
FROM millrace.failovers f
WHERE $2::uuid IS NULL
  OR (f.detected_at, f.event_id) < (SELECT b.detected_at, b.event_id FROM millrace.failovers b WHERE b.event_id = $2::uuid)
ORDER BY f.detected_at DESC, f.event_id DESC LIMIT $1`;

type SettingRow = [name: string, value: Uint8Array | null, revision: number, changedAt: number];
type FailoverRow = [
  eventId: string,
  kind: FailoverEvent['kind'],
  engineName: string,
  takeoverId: string | null,
  takeoverName: string | null,
  detectedAt: number,
  finishedAt: number | null,
  silentMs: number | null,
  runs: number,
  runIds: string[],
  quarantined: string[],
  locks: string[],
  profile: Uint8Array | null,
  takeoverProfile: Uint8Array | null,
];

/** The tables `leases`, `settings` and `failovers`. `now`: undefined for the database's clock. */
export async function lead(
  { write }: Connections,
  engineId: string,
  now: number | undefined,
): Promise<Leadership | undefined> {
  const [row] = await write<[holder: string, term: number, since: number]>({
    text: LEAD,
    values: [now, engineId],
  });
  return row && { engineId: row[0], term: row[1], since: row[2] };
}

export async function readSettings({ read }: Connections): Promise<ClusterSettings> {
  const rows = await read<SettingRow>({ text: SETTINGS });
  const settings = rows.map(([name, value, revision, changedAt]) => {
    return { name, value: value ?? undefined, revision, changedAt };
  });
  return { revision: Math.max(0, ...settings.map(({ revision }) => revision)), settings };
}

export async function putSetting(
  { write }: Connections,
  change: { name: string; value: Uint8Array | undefined; expectRevision: number | undefined },
  now: number | undefined,
): Promise<'ok' | 'conflict'> {
  const value = change.value === undefined ? undefined : Buffer.from(change.value);
  const values = [now, change.name, value, change.expectRevision];
  const [row] = await write<['ok' | 'conflict']>({ text: PUT_SETTING, values });
  return row?.[0] ?? 'conflict';
}

export async function listFailovers(
  { read }: Connections,
  { limit, before }: { limit: number; before?: string | undefined },
): Promise<FailoverEvent[]> {
  const rows = await read<FailoverRow>({ text: FAILOVERS, values: [limit, before] });
  return rows.map((row) => {
    const [eventId, kind, engineName, takeoverId, takeoverName, detectedAt, finishedAt, silentMs, ...rest] =
      row;
    const [runs, runIds, quarantined, locks, profile, takeoverProfile] = rest;
    return {
      ...{ eventId, kind, engineName, detectedAt, runs, runIds, quarantined, locks },
      profile: profile ?? undefined,
      takeoverProfile: takeoverProfile ?? undefined,
      takeoverId: takeoverId ?? undefined,
      takeoverName: takeoverName ?? undefined,
      finishedAt: finishedAt ?? undefined,
      silentMs: silentMs ?? undefined,
    };
  });
}

export async function prune(
  { write }: Connections,
  { limit, enginesMs, failoversMs }: PruneRequest,
  now: number | undefined,
): Promise<{ engines: number; failovers: number }> {
  const values = [now, limit, enginesMs, failoversMs];
  const [row] = await write<[engines: number, failovers: number]>({ text: PRUNE, values });
  return { engines: row?.[0] ?? 0, failovers: row?.[1] ?? 0 };
}
