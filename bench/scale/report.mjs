import { median } from '../measure/statistics.mjs';

const TITLES = {
  engines: 'engines that share the work',
  sleeping: 'runs that sleep at once',
  active: 'runs in a step at once',
  idle: 'idle engines',
};
/** How far from linear it may be. */
const LINEAR = 0.05;

/** One line for each case as it is done. */
export function describeScale({ part, store, count, repetition, measured, failed }) {
  const head = `${part} ${count} ${store} #${repetition}`;
  return failed === undefined ? `${head}: ${figuresOf(measured)}` : `${head}: FAILED: ${failed}`;
}

/** The tables, in Markdown: what README.md has a place for. */
export function printScale(records, { parts, stores }) {
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
  const counts = [...new Set(records.map(({ count }) => count))];
  const names = Object.keys(records[0].measured);
  const middle = (count, name) =>
    median(records.filter((one) => one.count === count).map(({ measured }) => measured[name]));
  console.log(`\n### ${store}: ${TITLES[part]}\n`);
  const linear = part === 'engines' && counts.includes(1);
  const titles = ['', ...names, ...(linear ? ['of linear'] : [])];
  console.log(`| ${titles.join(' | ')} |\n|${titles.map(() => '---').join('|')}|`);
  for (const count of counts) {
    const share = middle(count, 'runs/s') / (count * middle(1, 'runs/s'));
    const verdict = share >= 1 - LINEAR ? 'within 5 %' : 'BELOW';
    const cells = names.map((name) => shown(middle(count, name)));
    console.log(
      `| ${[count.toLocaleString('en-US'), ...cells, ...(linear ? [`${shown(share)} ${verdict}`] : [])].join(' | ')} |`,
    );
  }
}

function figuresOf(measured) {
  return Object.entries(measured)
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(', ');
}

function shown(value) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}
