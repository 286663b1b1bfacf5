import type { Style } from '../terminal.ts';
import { charactersOf, safeText, shorten } from './safe-text.ts';

export interface Column<T> {
  readonly title: string;
  readonly of: (row: T) => string;
  readonly align?: 'right';
  /** Colours a finished cell. */
  readonly paint?: (row: T, cell: string) => string;
  /** The one that gives way when the terminal is narrow. */
  readonly shrinks?: true;
}

const GAP = '  ';
/** A shrinking column never gets narrower than this. */
const LEAST = 12;

/**
 * Rows as lines of aligned text, with a line of titles. Cells are made safe for the terminal.
 * @param columns - of the terminal; undefined: as wide as it takes.
 */
export function table<T>(
  shape: readonly Column<T>[],
  rows: readonly T[],
  look: { style: Style; columns: number | undefined },
): string[] {
  const cells = rows.map((row) => shape.map(({ of }) => safeText(of(row))));
  const widths = shape.map(({ title }, at) =>
    Math.max(...[title, ...cells.map((row) => row[at] ?? '')].map(widthOf)),
  );
  squeeze(shape, widths, look.columns);
  const line = (texts: readonly string[], paint: (cell: string, at: number) => string): string =>
    texts
      .map((text, at) => {
        const width = widths[at] ?? 0;
        const cell = shorten(text, width);
        const padding = ' '.repeat(width - widthOf(cell));
        const painted = paint(cell, at);
        return shape[at]?.align === 'right' ? padding + painted : painted + padding;
      })
      .join(GAP)
      .trimEnd();
  const titles = line(
    shape.map(({ title }) => title),
    (cell) => look.style('dim', cell),
  );
  return [
    titles,
    ...rows.map((row, y) => line(cells[y] ?? [], (cell, at) => shape[at]?.paint?.(row, cell) ?? cell)),
  ];
}

function squeeze<T>(shape: readonly Column<T>[], widths: number[], columns: number | undefined): void {
  const at = shape.findIndex(({ shrinks }) => shrinks);
  if (columns === undefined || at < 0) return;
  const total = widths.reduce((sum, width) => sum + width) + GAP.length * (widths.length - 1);
  const width = widths[at] ?? 0;
  if (total > columns) widths[at] = Math.max(Math.min(LEAST, width), width - (total - columns));
}

function widthOf(text: string): number {
  return charactersOf(text).length;
}
