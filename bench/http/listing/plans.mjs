import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { Client } from 'pg';
import { LISTINGS } from './fill.mjs';

/*
 * How each database reads a page of a list, as its planner says: kept beside the figures, so that one that grows can be
 * laid beside one that did not. The statements are those of the build that is measured.
 */

/** @returns by the name of the listing, the lines of its plans. */
export async function listingPlans({ store, url }, engine) {
  const room = (path) => import(pathToFileURL(join(engine, '..', 'store', path)).href);
  if (store === 'postgres') return postgresPlans(url, await room('postgres/reads/runs.js'));
  return sqlitePlans(url.slice('file:'.length), await room('sqlite/reads/listing.js'));
}

async function postgresPlans(url, { listStatement }) {
  const client = new Client(url);
  await client.connect();
  const plans = {};
  for (const [name, filter] of filters()) {
    const { text, values } = listStatement(filter);
    const { rows } = await client.query({ text: `EXPLAIN ${text}`, values, rowMode: 'array' });
    plans[name] = rows.map(([line]) => line);
  }
  await client.end();
  return plans;
}

function sqlitePlans(path, { prepareListing }) {
  const database = new DatabaseSync(path, { readOnly: true });
  const plans = {};
  for (const [name, filter] of filters()) {
    const lines = [];
    const explain = (sql, values) => {
      lines.push(
        ...database
          .prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all(...values)
          .map(({ detail }) => detail),
      );
      return [];
    };
    const prepare = (sql) => ({
      all: (...values) => explain(sql, values),
      get: (...values) => explain(sql, values)[0],
    });
    prepareListing({ prepare })(filter);
    plans[name] = lines;
  }
  database.close();
  return plans;
}

function filters() {
  return LISTINGS.map(([name, query]) => {
    const given = new URLSearchParams(query);
    const status = given.getAll('status');
    const one = (field) => given.get(field) ?? undefined;
    const filter = { namespace: 'default', limit: 50, tag: one('tag'), key: one('key') };
    return [name, { ...filter, workflow: one('workflow'), status: status.length === 0 ? undefined : status }];
  });
}
