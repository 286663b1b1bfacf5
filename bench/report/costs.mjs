import { median } from '../measure/statistics.mjs';
import { formatNumber, formatTable } from './table.mjs';

const HEADER = [
  'where the time goes',
  'client %',
  'worker %',
  'store %',
  'µs/run client',
  'worker',
  'store',
  'statements/run',
  'transactions/run',
  'rows/run',
  'log kB/run',
];

/**
 * Shares of one CPU while the clock ran, CPU time of each run, and what the whole session asked of the store,
 * the untimed rounds included, divided by its runs.
 */
export function printCosts(records, subjects) {
  const rows = subjects.flatMap((subject) => {
    const own = records.filter((record) => record.subject === subject.name && record.usage !== undefined);
    if (own.length === 0) return [];
    const middle = (read) => {
      const values = own.map(read).filter((value) => value !== undefined && !Number.isNaN(value));
      return values.length === 0 ? '' : formatNumber(median(values));
    };
    return [
      [
        subject.name,
        ...['client', 'worker', 'store'].map((part) => middle((record) => record.usage.cpu[part])),
        ...['client', 'worker', 'store'].map((part) => middle((record) => record.usage.us[part])),
        middle((record) => perRun(record, counted(record, 'statements'))),
        middle((record) => perRun(record, record.store?.transactions ?? counted(record, 'transactions'))),
        middle((record) => perRun(record, storeRows(record) ?? counted(record, 'rows'))),
        middle((record) => perRun(record, record.store && record.store.walBytes / 1024)),
      ],
    ];
  });
  if (rows.length > 0) console.log(`\n${formatTable(HEADER, rows)}`);
}

/** Sum over client and worker; undefined where nobody counted. */
function counted({ counters }, name) {
  const values = [counters.client[name], counters.worker[name]].filter((value) => value !== undefined);
  return values.length === 0 ? undefined : values.reduce((total, value) => total + value, 0);
}

function storeRows({ store }) {
  return store && store.inserted + store.updated + store.deleted;
}

function perRun({ started }, value) {
  const runs = Object.values(started).reduce((total, count) => total + count, 0);
  return value === undefined ? undefined : value / runs;
}
