/** A row of a CSV text and where it stands; the header is line 1. */
export interface Row {
  line: number;
  fields: string[];
}

/** A row that could not be read, as the report shows it. */
export interface BadRow {
  line: number;
  problem: string;
  text: string;
}

const FIELD = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

/**
 * Reads CSV with quoted fields (`"7"" frame"`), one row a line: a quote that is never closed spoils its own
 * line, not the rest of the file.
 */
export function readCsv(text: string): { rows: Row[]; bad: BadRow[] } {
  const rows: Row[] = [];
  const bad: BadRow[] = [];
  for (const [index, written] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const line = index + 1;
    const content = written.replace(/\r$/, '');
    if (content === '') continue;
    const fields = splitLine(content);
    if (fields === undefined) bad.push({ line, problem: 'a quote in the wrong place', text: content });
    else rows.push({ line, fields });
  }
  return { rows, bad };
}

function splitLine(content: string): string[] | undefined {
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  for (;;) {
    const match = FIELD.exec(content);
    if (match === null) return undefined;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === '') return fields;
  }
}
