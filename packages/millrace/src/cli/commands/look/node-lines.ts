import type { NodeDescription } from '../../../core/dag/view/view-graph.ts';
import type { RunDescription } from '../../../core/reading/describe-run.ts';
import { shortInstant, span } from '../../output/run-words.ts';
import { safeText, shorten } from '../../output/safe-text.ts';
import { table } from '../../output/table.ts';
import type { Terminal } from '../../terminal.ts';

/** More than a person reads: of larger graphs what goes on or went wrong. */
const SHOWN = 200;
const PATH_CHARS = 400;

type Row = NodeDescription & { readonly id: string };

/** The nodes of a run of a definition as a table; nothing for a run of code. */
export function nodeLines({ outStyle: style, columns }: Terminal, run: RunDescription): string[] {
  const { nodes, progress, criticalPath = [] } = run;
  if (nodes === undefined || progress === undefined) return [];
  const all = Object.entries(nodes).map(([id, node]): Row => ({ id, ...node }));
  const shown = all.length <= SHOWN ? all : all.filter(isOfInterest).slice(0, SHOWN);
  const { total, completed, failed, skipped, running, waiting } = progress;
  const parts = [
    `${completed} of ${total} nodes completed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
    ...(running > 0 ? [`${running} running`] : []),
    ...(waiting > 0 ? [`${waiting} waiting`] : []),
  ];
  const path = shorten(criticalPath.map(safeText).join(' → '), PATH_CHARS);
  return [
    '',
    `${style('dim', 'progress'.padEnd(10))} ${parts.join(', ')}`,
    ...(path === '' ? [] : [`${style('dim', 'longest'.padEnd(10))} ${path}`]),
    '',
    ...table(
      [
        { title: 'NODE', of: ({ id }) => id },
        { title: 'STATUS', of: ({ status }) => status },
        { title: 'ATTEMPT', of: ({ attempts }) => (attempts === 0 ? '' : String(attempts)), align: 'right' },
        { title: 'STARTED', of: ({ startedAt }) => shortInstant(startedAt) },
        { title: 'TOOK', of: tookText, align: 'right' },
        { title: 'ENGINE', of: ({ engineId }) => engineId ?? '' },
        { title: 'DETAIL', of: detailOf, shrinks: true },
      ],
      shown,
      { style, columns },
    ),
    ...(shown.length < all.length ? [`and ${all.length - shown.length} more; --json has them`] : []),
  ];
}

function isOfInterest({ status }: Row): boolean {
  return status === 'running' || status === 'waiting' || status === 'failed';
}

function tookText({ startedAt, endedAt }: Row): string {
  return startedAt === null || endedAt === null ? '' : span(Date.parse(endedAt) - Date.parse(startedAt));
}

function detailOf({ error, retryAt, waitsFor, items }: Row): string {
  const parts = [
    ...(items === undefined ? [] : [itemsText(items)]),
    ...(error === null ? [] : [`${error.code}: ${error.message}`]),
    ...(retryAt === null ? [] : [`again at ${shortInstant(retryAt)}`]),
    ...(waitsFor.length === 0 ? [] : [`after ${waitsFor.join(', ')}`]),
  ];
  return parts.join('; ');
}

function itemsText({ total, completed, failed }: NonNullable<NodeDescription['items']>): string {
  return `${completed} of ${total} items${failed === 0 ? '' : `, ${failed} failed`}`;
}
