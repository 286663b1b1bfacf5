import type { DefinitionDescription, VersionDescription } from '../../../core/versions/describe.ts';
import { formatDuration } from '../../../core/duration.ts';
import { safeText } from '../../output/safe-text.ts';
import { shortInstant, span } from '../../output/run-words.ts';
import { table, type Column } from '../../output/table.ts';
import type { Terminal } from '../../terminal.ts';

interface Row {
  readonly name: string;
  readonly version: VersionDescription;
}

const CHANGES_SHOWN = 10;

/** A row for each version. */
export function definitionTable(
  { outStyle: style, columns }: Terminal,
  definitions: readonly DefinitionDescription[],
): string[] {
  const rows = definitions.flatMap(({ name, versions }) => versions.map((version) => ({ name, version })));
  const shape: Column<Row>[] = [
    { title: 'NAME', of: ({ name }) => name, shrinks: true },
    { title: 'VERSION', of: ({ version }) => version.version, align: 'right' },
    { title: 'KIND', of: ({ version }) => (version.draft ? 'draft' : version.kind) },
    {
      title: 'NEW RUNS',
      of: ({ version: { percent } }) => (percent === 0 ? '' : `${percent} %`),
      align: 'right',
      paint: (_, cell) => style('green', cell),
    },
    { title: 'OPEN', of: ({ version }) => String(version.open), align: 'right' },
    ...(rows.some(({ version }) => version.closed > 0) ? OUTCOMES : []),
    ...(rows.some(({ version }) => version.stranded > 0) ? [strandedColumn(style)] : []),
    { title: 'ENGINES', of: ({ version }) => version.engines.join(',') },
    { title: 'DEPLOYED', of: ({ version }) => shortInstant(version.deployedAt) },
    { title: 'BY', of: ({ version }) => version.deployedBy ?? '' },
  ];
  return table(shape, rows, { style, columns });
}

const OUTCOMES: readonly Column<Row>[] = [
  { title: 'CLOSED', of: ({ version }) => String(version.closed), align: 'right' },
  { title: 'SUCCESS', of: ({ version }) => rateText(version.successRate), align: 'right' },
  {
    title: 'MEAN',
    of: ({ version: { meanMs } }) => (meanMs === null ? '' : span(Math.round(meanMs))),
    align: 'right',
  },
];

function strandedColumn(style: Terminal['outStyle']): Column<Row> {
  return {
    title: 'STRANDED',
    of: ({ version: { stranded } }) => (stranded === 0 ? '' : String(stranded)),
    align: 'right',
    paint: (_, cell) => style('red', cell),
  };
}

/** One of them, with what guards it and what was changed. */
export function definitionLines(terminal: Terminal, definition: DefinitionDescription): string[] {
  const { name, guard, since, changes, stranded } = definition;
  const { outStyle: style } = terminal;
  const counted = since === null ? [] : [`closed runs are counted from ${shortInstant(since)}`];
  const held = `${stranded} open run${stranded === 1 ? '' : 's'} of versions that no engine has`;
  const told = changes.slice(0, CHANGES_SHOWN).map(({ at, by, act, to, reason }) => {
    const author = by === null ? '' : ` by ${safeText(by)}`;
    const cause = reason === null ? '' : `: ${safeText(reason)}`;
    return style('dim', `${shortInstant(at)} ${act} ${safeText(to)}${author}${cause}`);
  });
  return [
    ...definitionTable(terminal, [definition]),
    ...(guard === null ? [] : [`guarded: ${guardText(guard)}`]),
    ...counted,
    ...(stranded === 0 ? [] : [style('red', `${held}: millrace runs --workflow ${safeText(name)}`)]),
    ...(told.length === 0 ? [] : ['', ...told]),
  ];
}

function guardText({ maxErrorRate, minRuns, windowMs }: NonNullable<DefinitionDescription['guard']>): string {
  const lately = windowMs === undefined ? '' : ` that began within the last ${formatDuration(windowMs)}`;
  return `taken back when more than ${rateText(maxErrorRate)} of at least ${minRuns} closed runs${lately} failed`;
}

function rateText(rate: number | null): string {
  return rate === null ? '' : `${Math.round(rate * 1_000) / 10} %`;
}
