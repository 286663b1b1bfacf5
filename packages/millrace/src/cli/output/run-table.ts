import type { RunDescription } from '../../core/reading/describe-run.ts';
import type { Terminal } from '../terminal.ts';
import { paintStatus, shortInstant, span } from './run-words.ts';
import { table } from './table.ts';

/** Runs as a table; nothing for none. */
export function runTable({ outStyle: style, columns }: Terminal, runs: readonly RunDescription[]): string[] {
  if (runs.length === 0) return [];
  return table(
    [
      { title: 'RUN', of: ({ runId }) => runId },
      { title: 'WORKFLOW', of: ({ workflow }) => workflow },
      {
        title: 'STATUS',
        of: ({ status }) => status,
        paint: ({ status }, cell) => paintStatus(style, status, cell),
      },
      { title: 'CREATED', of: ({ createdAt }) => shortInstant(createdAt) },
      { title: 'TOOK', of: tookText, align: 'right' },
      { title: 'KEY', of: ({ key }) => key ?? '', shrinks: true },
    ],
    runs,
    { style, columns },
  );
}

function tookText({ createdAt, closedAt }: RunDescription): string {
  return closedAt === null ? '' : span(Date.parse(closedAt) - Date.parse(createdAt));
}
