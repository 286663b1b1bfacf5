import { Client } from 'pg';
import { createGatherer } from './gather.mjs';

/*
 * The least that keeps runs safe in PostgreSQL: a run row that every commit compares and sets, a history with
 * one row a commit, a finished run moved aside. Everything in batches; no timers, signals, retries, children
 * or leases.
 */

const SCHEMA = `
  create table run (id uuid primary key, owner int not null, version int not null, status int not null,
    workflow text not null, created_at timestamptz not null default now()) with (fillfactor = 70);
  create index run_open on run (workflow) where status = 0;
  create table done (id uuid primary key, workflow text not null, output bytea,
    created_at timestamptz not null, closed_at timestamptz not null default now());
  create table event (id uuid not null, seq int not null, data bytea not null, primary key (id, seq));`;

const START = `
  with started as (
    insert into run (id, owner, version, status, workflow) select id, 1, 1, 1, 'w' from unnest($1::uuid[]) id)
  insert into event (id, seq, data) select id, 0, data from unnest($1::uuid[], $2::bytea[]) u (id, data)`;

const STEP = `
  with own as (
    update run set version = run.version + 1 from unnest($1::uuid[], $2::int[]) u (id, version)
     where run.id = u.id and run.version = u.version and run.owner = 1 returning run.id)
  insert into event (id, seq, data)
  select u.id, u.version, u.data from unnest($1::uuid[], $2::int[], $3::bytea[]) u (id, version, data)
    join own on own.id = u.id`;

const FINISH = `
  with own as (
    delete from run using unnest($1::uuid[], $2::int[]) u (id, version)
     where run.id = u.id and run.version = u.version and run.owner = 1
    returning run.id, run.workflow, run.created_at),
  moved as (
    insert into done (id, workflow, created_at, output)
    select own.id, own.workflow, own.created_at, u.data
      from own join unnest($1::uuid[], $3::bytea[]) u (id, data) on u.id = own.id)
  insert into event (id, seq, data)
  select u.id, u.version, u.data from unnest($1::uuid[], $2::int[], $3::bytea[]) u (id, version, data)
    join own on own.id = u.id`;

const column = (items, name) => items.map((item) => item[name]);

/** Opens the core on an empty database. */
export async function openPostgresCore(url) {
  const clients = await Promise.all(Array.from({ length: 4 }, () => connect(url)));
  await clients[0].query(SCHEMA);
  const [starter, ...workers] = clients;

  const start = createGatherer(async (items) => {
    const values = [column(items, 'id'), column(items, 'data')];
    await starter.query({ name: 'start', text: START, values });
  });
  const step = createGatherer(write(workers[0], 'step', STEP));
  const finishers = workers.slice(1).map((client) => createGatherer(write(client, 'finish', FINISH)));
  let turn = 0;

  return {
    start,
    step,
    finish: (item) => finishers[turn++ % finishers.length](item),
    close: () => Promise.all(clients.map((client) => client.end())),
  };
}

/** Writes a batch in one statement; the guard lets all of it through or the core is broken. */
const write = (client, name, text) => async (items) => {
  const values = [column(items, 'id'), column(items, 'version'), column(items, 'data')];
  const { rowCount } = await client.query({ name, text, values });
  if (rowCount !== items.length) throw new Error(`${items.length - rowCount} of ${items.length} were lost`);
};

async function connect(url) {
  const client = new Client(url);
  await client.connect();
  await client.query('set jit = off; set plan_cache_mode = force_custom_plan');
  return client;
}
