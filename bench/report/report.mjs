import { median } from '../measure/statistics.mjs';
import { WORKLOADS } from '../workloads/index.mjs';
import { printCosts } from './costs.mjs';
import { formatNumber, formatTable } from './table.mjs';
import { judge, METRICS, TARGETS } from './targets.mjs';

/** Prints what a session found: medians with their range, beside the best peer, against what was promised. */
export function printReport(records, { subjects, options, machine }) {
  console.log(`\n${machine.cpus} × ${machine.cpu}, ${machine.memoryMb} MB, Node ${machine.node}`);
  for (const server of [machine.postgres, machine.redis]) if (server !== undefined) console.log(server);
  console.log(`median (min–max) of ${options.reps}`);
  if (options.scale !== 1) console.log(`scaled by ${options.scale}: a look, not a measurement`);
  if (options.statements || options.profile) console.log('diagnosing: the figures pay for it');

  for (const workload of options.workloads) {
    const own = records.filter((record) => record.workload === workload);
    if (own.length === 0) continue;
    console.log(`\n## ${workload}: ${WORKLOADS[workload].title}`);
    for (const [metric, better] of Object.entries(METRICS[workload])) {
      printMetric(own, { workload, metric, better, subjects });
    }
    printCosts(own, subjects);
    printUnsound(own);
  }
  printSpike(records, subjects);
}

/** The values of a metric by subject; repetitions that failed or were not durable have none. */
function valuesOf(records, subject, metric) {
  return records
    .filter(
      (record) => record.subject === subject && record.failed === undefined && record.durable?.ok !== false,
    )
    .map((record) => record.measured[metric])
    .filter((value) => value !== undefined);
}

function printMetric(records, { workload, metric, better, subjects }) {
  const found = subjects
    .map((subject) => ({ subject, values: valuesOf(records, subject.name, metric) }))
    .filter(({ values }) => values.length > 0);
  if (found.length === 0) return;

  const peers = found
    .filter(({ subject }) => subject.engine !== 'millrace')
    .map(({ values }) => median(values));
  const best = better === 'more' ? Math.max(...peers) : Math.min(...peers);
  const rows = found.map(({ subject, values }) => {
    const middle = median(values);
    const target = TARGETS[subject.name]?.[`${workload} ${metric}`];
    const isOwn = subject.engine === 'millrace';
    const ratio = better === 'more' ? middle / best : best / middle;
    return [
      subject.name,
      formatNumber(middle),
      `(${formatNumber(Math.min(...values))}–${formatNumber(Math.max(...values))})`,
      isOwn && better !== 'none' && peers.length > 0 ? `${formatNumber(ratio)} ×` : '',
      target === undefined ? '' : `${formatNumber(target.must)} / ${formatNumber(target.aim)}`,
      judge(subject.name, `${workload} ${metric}`, middle) ?? '',
    ];
  });
  const header = [`${workload} ${metric}`, 'median', 'range', 'to best peer', 'must / aim', 'verdict'];
  console.log(`\n${formatTable(header, rows)}`);
}

/** Names what must not be counted. */
function printUnsound(records) {
  for (const { subject, repetition, failed, durable, measured } of records) {
    const head = `${subject} #${repetition}:`;
    if (failed !== undefined) console.log(`${head} failed, see the records`);
    else if (durable?.ok === false)
      console.log(`${head} not durable, not counted: ${JSON.stringify(durable)}`);
    if (measured?.['earliest ms'] < 0)
      console.log(`${head} a sleeper woke ${-measured['earliest ms']} ms early`);
    if (measured?.['run twice'] > (measured?.['in flight'] ?? Infinity)) {
      console.log(`${head} more steps ran twice than were in flight`);
    }
  }
}

const CEILINGS = {
  'millrace postgres': 'ceiling postgres',
  'millrace sqlite': 'ceiling sqlite',
};

/** What the machine allows, and how much of it Millrace reaches. */
function printSpike(records, subjects) {
  const spike = records.filter((record) => record.workload === 'spike');
  if (spike.length === 0) return;
  console.log('\n## What the machine allows today');
  const names = [...new Set(spike.map((record) => record.subject))];
  const rows = names.flatMap((name) => {
    const own = spike.filter((record) => record.subject === name);
    const metrics = new Set(own.flatMap(({ measured }) => Object.keys(measured)));
    return [...metrics].map((metric) => {
      const values = valuesOf(own, name, metric);
      const engine = subjects.find((subject) => CEILINGS[subject.name] === name);
      const reached = engine === undefined ? [] : valuesOfEngine(records, engine.name, metric);
      return [
        `${name}: ${metric}`,
        formatNumber(median(values)),
        `(${formatNumber(Math.min(...values))}–${formatNumber(Math.max(...values))})`,
        reached.length === 0 ? '' : formatNumber(median(reached)),
        reached.length === 0 ? '' : `${Math.round(share(metric, median(reached), median(values)))} %`,
      ];
    });
  });
  console.log(`\n${formatTable(['', 'median', 'range', 'millrace', 'of it'], rows)}`);
}

/** A ceiling's metrics carry the name of their workload: `W1 runs/s`. */
function valuesOfEngine(records, subject, metric) {
  const [workload, ...rest] = metric.split(' ');
  return valuesOf(
    records.filter((record) => record.workload === workload),
    subject,
    rest.join(' '),
  );
}

function share(metric, reached, ceiling) {
  return metric.endsWith('/s') ? (100 * reached) / ceiling : (100 * ceiling) / reached;
}
