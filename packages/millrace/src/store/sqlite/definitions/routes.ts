import { DEFINITIONS_SETTING, type RouteRequest, type RouteRow } from '../../port/definitions.ts';
import type { Connection } from '../database/connection.ts';
import type { Settings } from '../engines/settings.ts';

/** Which version new runs get, by name (D3). All functions run inside a transaction of the caller. */
export interface Routes {
  put(request: RouteRequest): 'ok' | 'conflict';
  one(namespace: string, name: string): RouteRow | undefined;
  /** With the revision that the settings have just been given (D4). `replaced`: that of the route before; 0: none. */
  write(route: Pick<RouteRow, 'namespace' | 'name' | 'value'>, replaced: number): void;
  all(namespace: string): RouteRow[];
}

interface StoredRoute {
  namespace: string;
  name: string;
  revision: number;
  replaced: number;
  changed_at: number;
  value: Uint8Array;
}

export function prepareRoutes(connection: Connection, settings: Settings): Routes {
  const selectOne = connection.prepare<StoredRoute>('SELECT * FROM routes WHERE namespace = ? AND name = ?');
  const selectAll = connection.prepare<StoredRoute>('SELECT * FROM routes WHERE namespace = ? ORDER BY name');
  const upsert = connection.prepare(`
    INSERT INTO routes (namespace, name, revision, replaced, changed_at, value) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (namespace, name) DO UPDATE SET revision = excluded.revision, replaced = excluded.replaced,
      changed_at = excluded.changed_at, value = excluded.value`);

  function write({ namespace, name, value }: Omit<RouteRequest, 'expectRevision'>, replaced: number): void {
    upsert.run(namespace, name, settings.revision(), replaced, connection.timers.now(), value);
  }

  return {
    put: (request) => {
      const { namespace, name, value, expectRevision } = request;
      const found = selectOne.get(namespace, name);
      if ((found?.revision ?? 0) === expectRevision) {
        settings.put(DEFINITIONS_SETTING, new Uint8Array(0), undefined);
        write(request, expectRevision);
        return 'ok';
      }
      const isRepeated = found?.replaced === expectRevision && Buffer.compare(found.value, value) === 0;
      return isRepeated ? 'ok' : 'conflict';
    },
    one: (namespace, name) => {
      const row = selectOne.get(namespace, name);
      return row && decode(row);
    },
    write,
    all: (namespace) => selectAll.all(namespace).map(decode),
  };
}

function decode({ namespace, name, value, revision, changed_at: changedAt }: StoredRoute): RouteRow {
  return { namespace, name, value, revision, changedAt };
}
