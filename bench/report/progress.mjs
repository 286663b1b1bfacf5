import { METRICS } from './targets.mjs';
import { formatNumber } from './table.mjs';

/** One line about a repetition, while the session runs. */
export function describeRepetition({ workload, subject, repetition, measured, durable, failed }) {
  const head = `${workload} ${subject} #${repetition}`;
  if (failed !== undefined) return `${head}  FAILED ${failed}`;
  const shown = Object.keys(METRICS[workload] ?? measured).filter((name) => measured[name] !== undefined);
  const figures = shown.map((name) => `${name} ${formatNumber(measured[name])}`).join('  ');
  if (durable === undefined || durable.ok) return `${head}  ${figures}`;
  return `${head}  ${figures}  NOT DURABLE ${JSON.stringify(durable)}`;
}
