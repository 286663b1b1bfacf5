import type { Choice } from '../../../core/rehearsal/choices.ts';
import type { BreakingRun, PreflightReport } from '../../../core/rehearsal/report.ts';
import { safeText, shorten } from '../../output/safe-text.ts';
import { table } from '../../output/table.ts';
import type { Terminal } from '../../terminal.ts';

const VALUE_CHARS = 400;
const EXAMPLES = 3;
/** Kinds of breaks that are shown: more would hide the choices. */
const KINDS = 20;

/** A report of preflight for people. */
export function preflightLines(terminal: Terminal, report: PreflightReport): string[] {
  const { outStyle: style, columns } = terminal;
  const counts = table(
    [
      { title: 'WORKFLOW', of: ({ workflow }) => workflow, shrinks: true },
      { title: 'VERSION', of: ({ version }) => version },
      { title: 'AGAINST', of: ({ against }) => against ?? 'none' },
      { title: 'AGREE', of: ({ agreeing }) => String(agreeing), align: 'right' },
      { title: 'BREAK', of: ({ breaking }) => String(breaking), align: 'right' },
      { title: 'STRANDED', of: ({ stranded }) => String(stranded), align: 'right' },
    ],
    report.versions,
    { style, columns },
  );
  const kinds = kindsOf(report.breaks);
  const told = report.breaks.length;
  return [
    ...(report.versions.length === 0 ? [] : counts),
    ...kinds.slice(0, KINDS).flatMap((runs) => kindLines(terminal, runs)),
    ...(kinds.length > KINDS
      ? ['', `and ${kinds.length - KINDS} other kinds of breaks; --json has them`]
      : []),
    ...(told < report.breaking ? ['', `Of ${report.breaking} runs that would break, ${told} are told.`] : []),
    ...report.choices.flatMap((choice) => choiceLines(terminal, choice)),
  ];
}

/** Runs that break in one way, most frequent first. */
function kindsOf(breaks: readonly BreakingRun[]): (readonly BreakingRun[])[] {
  const kinds = Map.groupBy(breaks, ({ workflow, version, code, at, expected, actual }) =>
    JSON.stringify([workflow, version, code, at, expected, actual]),
  );
  return [...kinds.values()].toSorted((a, b) => b.length - a.length);
}

function kindLines({ outStyle: style }: Terminal, runs: readonly BreakingRun[]): string[] {
  const [first] = runs;
  if (first === undefined) return [];
  const { workflow, version, against, code, at, expected, actual } = first;
  const shown = runs.slice(0, EXAMPLES).map(({ runId }) => runId);
  const more = runs.length > EXAMPLES ? `, and ${runs.length - EXAMPLES} more` : '';
  const on = against === version ? '' : `, against ${safeText(against)},`;
  const subject = `${count(runs.length, 'run')} of ${safeText(workflow)} version ${safeText(version)}${on}`;
  const field = (name: string, value: string): string =>
    `  ${style('dim', name.padEnd(9))} ${shorten(safeText(value), VALUE_CHARS)}`;
  return [
    '',
    `${style('red', code)} ${subject} at ${safeText(at)}`,
    field('expected', expected),
    field('actual', actual),
    field('runs', `${shown.join(', ')}${more}`),
  ];
}

function choiceLines({ outStyle: style }: Terminal, { choice, message, command }: Choice): string[] {
  return ['', `${style('bold', choice)}  ${safeText(message)}`, `  ${style('cyan', safeText(command))}`];
}

export function count(runs: number, word: string): string {
  return `${runs} ${word}${runs === 1 ? '' : 's'}`;
}
