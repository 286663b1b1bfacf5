import { median } from '../measure/statistics.mjs';
import { formatNumber, formatTable } from '../report/table.mjs';

const TITLES = {
  recorded: 'recorded executions',
  killed: 'recorded executions, kill -9 of the engine that executes the run',
  synthetic: 'nodes that do nothing',
  code: 'calls that do nothing, as a definition and as a program',
  replay: 'a run of which all but the last node has ended, in a new process',
};
/** Time of an execution, of the list schedule's. */
const MOST = 1.1;

const nameOf = ({ name, slots, size }) =>
  [name, slots ?? size].filter((word) => word !== undefined).join(' ');

/** One line for each case as it is done. */
export function describeDag(record) {
  const { part, store, repetition, measured, failed } = record;
  const head = `${part} ${nameOf(record)} ${store} #${repetition}`;
  if (failed !== undefined) return `${head}: FAILED: ${failed}`;
  const figures = Object.entries(measured).map(([name, value]) => `${name} ${formatNumber(value)}`);
  return `${head}: ${figures.join(', ')}`;
}

/** Medians of the repetitions, a table for each part and store. */
export function printDag(records, { parts, stores }) {
  for (const part of parts) {
    for (const store of stores) {
      const found = records.filter(
        (one) => one.part === part && one.store === store && one.measured !== undefined,
      );
      if (found.length > 0) printTable(part, store, found);
    }
  }
}

function printTable(part, store, records) {
  const cases = Map.groupBy(records, nameOf);
  const names = Object.keys(records[0].measured);
  const rows = [...cases].map(([name, same]) => {
    const middle = (figure) => median(same.map(({ measured }) => measured[figure]));
    const verdict = part === 'recorded' ? [middle('ratio') <= MOST ? 'within' : 'ABOVE'] : [];
    return [name, ...names.map((figure) => formatNumber(middle(figure))), ...verdict];
  });
  console.log(`\n### ${store}: ${TITLES[part]}\n`);
  console.log(formatTable(['', ...names, ...(part === 'recorded' ? [`≤ ${MOST}`] : [])], rows));
}
