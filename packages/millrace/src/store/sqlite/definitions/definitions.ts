/*
 * Workflows that are data (D1–D4). A run that was started before a draft is replaced is seen here, under the write lock;
 * one that is started after it finds the new content. All functions run inside a transaction of the caller.
 */
import {
  DEFINITIONS_SETTING,
  type DefinitionList,
  type DefinitionRef,
  type DefinitionRequest,
  type DefinitionResult,
  type DefinitionRow,
  type StoredDefinition,
} from '../../port/definitions.ts';
import type { Connection } from '../database/connection.ts';
import type { Settings } from '../engines/settings.ts';
import type { Routes } from './routes.ts';
import { AUTHOR_VERSION } from './versions.ts';

export interface Definitions {
  put(request: DefinitionRequest): DefinitionResult;
  read(refs: readonly DefinitionRef[]): (StoredDefinition | undefined)[];
  list(namespace: string): DefinitionList;
}

interface Row extends DefinitionRef {
  hash: string;
  bytes: number;
  draft: number;
  stored_at: number;
  stored_by: string | null;
}

interface FullRow extends Row {
  body: Uint8Array;
}

export function prepareDefinitions(connection: Connection, settings: Settings, routes: Routes): Definitions {
  const { selectOne, selectAll, selectOpen, upsert } = prepareStatements(connection);

  /** Undefined: it may be written. */
  function refuse(request: DefinitionRequest, found: FullRow): DefinitionResult | undefined {
    const { hash, body } = found;
    if (hash === request.hash) return undefined;
    const draft = found.draft === 1;
    const { namespace, name, version } = request;
    const openRuns = draft && selectOpen.get(namespace, name, version) !== undefined ? 1 : 0;
    return draft && openRuns === 0 ? undefined : { outcome: 'exists', hash, body, draft, openRuns };
  }

  function write(request: DefinitionRequest): void {
    const { namespace, name, version, hash, body, draft, by } = request;
    const at = connection.timers.now();
    const which = [namespace, name, version] as const;
    upsert.run(...which, hash, body.byteLength, draft ? 1 : 0, at, by ?? null, body);
  }

  return {
    put: (request) => {
      const { namespace, name, version, hash, draft, firstRoute } = request;
      const found = selectOne.get(namespace, name, version);
      const refusal = found && refuse(request, found);
      if (refusal !== undefined) return refusal;
      const isSame = found?.hash === hash && (draft || found.draft === 0);
      const route = routes.one(namespace, name);
      const isFirst = firstRoute !== undefined && route === undefined;
      if (!isSame || isFirst) settings.put(DEFINITIONS_SETTING, new Uint8Array(0), undefined);
      if (!isSame) write(request);
      if (isFirst) routes.write({ namespace, name, value: firstRoute }, 0);
      const routed = isFirst || (firstRoute !== undefined && isEqual(route?.value, firstRoute));
      return { outcome: isSame ? 'same' : 'stored', routed };
    },
    read: (refs) =>
      refs.map(({ namespace, name, version }) => {
        const row = selectOne.get(namespace, name, version);
        return row && { ...decode(row), body: row.body };
      }),
    list: (namespace) => ({
      revision: settings.revision(),
      definitions: selectAll.all(namespace).map(decode),
      routes: routes.all(namespace),
    }),
  };
}

function isEqual(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0;
}

function decode(row: Row): DefinitionRow {
  const { namespace, name, version, hash, bytes } = row;
  return {
    ...{ namespace, name, version, hash, bytes },
    draft: row.draft === 1,
    storedAt: row.stored_at,
    storedBy: row.stored_by ?? undefined,
  };
}

function prepareStatements(connection: Connection) {
  const columns = 'namespace, name, version, hash, bytes, draft, stored_at, stored_by';
  return {
    selectOne: connection.prepare<FullRow>(
      `SELECT ${columns}, body FROM definitions WHERE namespace = ? AND name = ? AND version = ?`,
    ),
    selectAll: connection.prepare<Row>(
      `SELECT ${columns} FROM definitions WHERE namespace = ? ORDER BY name, stored_at, version`,
    ),
    selectOpen: connection.prepare(`
      SELECT 1 FROM runs
      WHERE namespace = ? AND workflow = ? AND ${AUTHOR_VERSION} = ? LIMIT 1`),
    upsert: connection.prepare(`
      INSERT INTO definitions (${columns}, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (namespace, name, version) DO UPDATE SET hash = excluded.hash, bytes = excluded.bytes,
        draft = excluded.draft, stored_at = excluded.stored_at, stored_by = excluded.stored_by, body = excluded.body`),
  };
}
