import { median } from '../measure/statistics.mjs';
import { formatNumber, formatTable } from '../report/table.mjs';

const TITLES = {
  batches: 'starts in batches of 100, beside the library',
  starts: 'single starts, and their latency in ms at half of the rate that is asked for',
  reads: 'single runs, read',
  listing: 'pages of filtered lists, 99th percentile in ms',
  fairness: 'one namespace beside another that asks for all it can, latency in ms',
};

/** One line for each case as it is done. */
export function describeHttp({ part, store, repetition, measured, failed }) {
  const head = `${part} ${store} #${repetition}`;
  if (failed !== undefined) return `${head}: FAILED: ${failed}`;
  return `${head}: ${figuresOf(measured)
    .map(([name, value]) => `${name} ${formatNumber(value)}`)
    .join(', ')}`;
}

/** Without what is only kept in the records. */
function figuresOf(measured) {
  return Object.entries(measured).filter(([, value]) => typeof value === 'number');
}

/** Medians of the repetitions, a table for each part. */
export function printHttp(records, { parts, stores }) {
  for (const part of parts) {
    const found = records.filter((one) => one.part === part && one.measured !== undefined);
    if (found.length === 0) continue;
    const shown = stores.filter((store) => found.some((one) => one.store === store));
    const middle = (store, name) =>
      median(found.filter((one) => one.store === store).map(({ measured }) => measured[name]));
    const rows = figuresOf(found[0].measured).map(([name]) => [
      name,
      ...shown.map((store) => formatNumber(middle(store, name))),
    ]);
    console.log(`\n### ${TITLES[part]}\n`);
    console.log(formatTable(['', ...shown], rows));
  }
}
