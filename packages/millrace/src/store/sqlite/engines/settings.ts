import type { ClusterSettings } from '../../port/store.ts';
import type { Connection } from '../database/connection.ts';

/** The table `settings`: small documents for all engines. All functions run inside a transaction of the caller. */
export interface Settings {
  read(): ClusterSettings;
  put(name: string, value: Uint8Array | undefined, expectRevision: number | undefined): 'ok' | 'conflict';
  /** The greatest. */
  revision(): number;
}

interface StoredSetting {
  name: string;
  value: Uint8Array | null;
  revision: number;
  changed_at: number;
}

export function prepareSettings(connection: Connection): Settings {
  const selectAll = connection.prepare<StoredSetting>('SELECT * FROM settings ORDER BY name');
  const selectOne = connection.prepare<{ revision: number }>('SELECT revision FROM settings WHERE name = ?');
  const selectRevision = connection.prepare<{ revision: number | null }>(
    'SELECT max(revision) AS revision FROM settings',
  );
  const put = connection.prepare(`
    INSERT INTO settings (name, value, revision, changed_at) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, revision = excluded.revision,
      changed_at = excluded.changed_at`);
  const revision = (): number => selectRevision.get()?.revision ?? 0;
  return {
    read: () => ({
      revision: revision(),
      settings: selectAll.all().map((row) => ({
        name: row.name,
        value: row.value ?? undefined,
        revision: row.revision,
        changedAt: row.changed_at,
      })),
    }),
    put: (name, value, expectRevision) => {
      const found = selectOne.get(name)?.revision ?? 0;
      if (expectRevision !== undefined && expectRevision !== found) return 'conflict';
      put.run(name, value ?? null, revision() + 1, connection.timers.now());
      return 'ok';
    },
    revision,
  };
}
