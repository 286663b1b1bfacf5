import type { Day } from '../file/invoices.ts';
import { isEntry, type LedgerLine } from '../payments/ledger.ts';
import { agrees, type Comparison } from './compare.ts';

/** The figures side by side, and the verdict. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const rows = [
    ['', 'file says', 'found', ''],
    ...comparisons.map(({ what, unit, file, found }) => [
      what,
      shown(file, unit),
      shown(found, unit),
      file === found ? '' : '  <- differs',
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map(([what = '', file = '', found = '', mark = '']) =>
    [what.padEnd(widths[0] ?? 0), file.padStart(widths[1] ?? 0), found.padStart(widths[2] ?? 0), mark]
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n\n${agrees(comparisons) ? 'All totals agree.' : 'The totals DIFFER.'}\n`;
}

function shown(value: number, unit: Comparison['unit']): string {
  if (unit === 'count') return value.toLocaleString('en-GB');
  return (value / 100).toLocaleString('en-GB', { style: 'currency', currency: 'GBP' });
}

/** What the payment service was made to do wrong, and how often it was asked. */
export function faultLine(ledger: readonly LedgerLine[], references: ReadonlySet<string>): string {
  const requests = ledger.filter((line) => !isEntry(line)).filter((line) => references.has(line.reference));
  if (requests.length === 0)
    return 'The ledger knows none of these orders: was the day run with another --ledger?\n';
  const times = (fault: string): number => requests.filter((request) => request.fault === fault).length;
  return (
    `The payment service was asked ${requests.length} times: it failed ${times('error')} times, ` +
    `answered too late ${times('hang')} times and received a request twice ${times('twice')} times.\n`
  );
}

export function badRows({ bad }: Day): string {
  const lines = bad
    .slice(0, 10)
    .map(({ line, problem, text }) => `  line ${line}: ${problem}: ${text.slice(0, 80)}\n`);
  const more = bad.length > 10 ? `  and ${bad.length - 10} more\n` : '';
  return bad.length === 0 ? '' : `Rows that could not be read:\n${lines.join('')}${more}`;
}

/** Commands that look at what is in the store now. */
export function nextCommands(store: string, key: string): string {
  return [
    'Look at what happened:',
    `  npx millrace runs --store ${store}`,
    `  npx millrace runs --store ${store} --status cancelled`,
    `  npx millrace show key:${key} --store ${store}`,
    `  npx millrace history key:${key} --store ${store}`,
    `  npx millrace why key:${key} --store ${store}`,
    '',
  ].join('\n');
}
