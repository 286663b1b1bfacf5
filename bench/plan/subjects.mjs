/*
 * Who is measured, and how each is set up. A subject is an engine on a store with one process (the client
 * works as well) or two (the client starts, a worker process works). `settings` go to its driver; `sizes` are
 * its own where a slow engine would take minutes for what shows in seconds.
 */

const DURABLE = ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W7'];
const without = (...names) => DURABLE.filter((name) => !names.includes(name));

/**
 * How a worker process is run where memory matters: its garbage is young and plentiful, and a runtime that may take all
 * of a large machine collects it late (figures: README). They cost speed, so that a process which is alone with its
 * client runs without.
 */
const MEMORY_FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=512'];

const MILLRACE = [
  {
    name: 'millrace postgres',
    store: 'postgres',
    processes: 1,
    workloads: ['W1', 'W1k', 'W2', 'W3', 'W3b', 'W4', 'W5', 'W6', 'W7'],
  },
  { name: 'millrace postgres, 2 processes', store: 'postgres', processes: 2, workloads: ['W1', 'W2', 'W4'] },
  {
    name: 'millrace sqlite',
    store: 'sqlite',
    processes: 1,
    workloads: ['W1', 'W1k', 'W2', 'W3', 'W3b', 'W4', 'W5', 'W6', 'W7'],
  },
  { name: 'millrace sqlite, 2 processes', store: 'sqlite', processes: 2, workloads: ['W1', 'W4'] },
].map((subject) => ({
  ...subject,
  engine: 'millrace',
  driver: 'millrace/driver.mjs',
  flags: subject.processes === 2 ? MEMORY_FLAGS : [],
}));

const PEERS = [
  {
    name: 'dbos, queue',
    engine: 'dbos',
    store: 'postgres',
    processes: 2,
    driver: 'peers/dbos.mjs',
    workloads: DURABLE,
    sizes: { W1: { runs: 4000 } },
  },
  {
    name: 'dbos, direct',
    engine: 'dbos',
    store: 'postgres',
    processes: 1,
    driver: 'peers/dbos.mjs',
    workloads: without('W6', 'W7'),
    sizes: { W1: { runs: 4000 } },
  },
  {
    name: 'openworkflow postgres',
    engine: 'openworkflow',
    store: 'postgres',
    processes: 2,
    driver: 'peers/openworkflow.mjs',
    workloads: DURABLE,
    sizes: { W1: { runs: 2000 } },
  },
  {
    // Two processes on one SQLite file fail: it waits for no lock.
    name: 'openworkflow sqlite',
    engine: 'openworkflow',
    store: 'sqlite',
    processes: 1,
    driver: 'peers/openworkflow.mjs',
    workloads: without('W6', 'W7'),
    sizes: { W1: { runs: 2000 } },
  },
  {
    name: 'restate',
    engine: 'restate',
    store: 'own',
    processes: 2,
    driver: 'peers/restate.mjs',
    workloads: DURABLE,
    sizes: { W1: { runs: 10_000 } },
    ownNetwork: true,
  },
  {
    name: 'bullmq',
    engine: 'bullmq',
    store: 'redis',
    processes: 2,
    driver: 'peers/bullmq.mjs',
    workloads: DURABLE,
    sizes: { W1: { runs: 10_000 } },
  },
];

export const STORES = ['postgres', 'sqlite'];
export const PEER_NAMES = [...new Set(PEERS.map((subject) => subject.engine))];

/** The subjects that the options ask for: Millrace first. */
export function chooseSubjects({ stores, peers }) {
  return [
    ...MILLRACE.filter((subject) => stores.includes(subject.store)),
    ...PEERS.filter((subject) => peers.includes(subject.engine)),
  ];
}
