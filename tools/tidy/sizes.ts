import { dirname } from 'node:path/posix';
import { isCode, isGenerated, isTest } from './repository.ts';
import type { SourceFile } from './repository.ts';

const LINES_MAX = 500;
const TEST_LINES_MAX = 800;
const FOLDER_MAX = 9;
/** Code is wrapped at 110 by the formatter; SQL and the text of a message may stick out a little. */
const WIDTH_MAX = 125;
const PAGE_LINES_MAX: Readonly<Record<string, number>> = { 'ARCHITECTURE.md': 300, 'CONTRIBUTING.md': 60 };

/** Files of code and pages that have outgrown their limit. */
export function longFiles(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => {
    if (isGenerated(file)) return [];
    const lines = file.text.trimEnd().split('\n').length;
    const most =
      PAGE_LINES_MAX[file.path] ?? (isCode(file) ? (isTest(file) ? TEST_LINES_MAX : LINES_MAX) : Infinity);
    return lines > most ? [`${file.path} has ${lines} lines, more than ${most}`] : [];
  });
}

/**
 * Folders with more files of code than one takes in at a glance; tests stand beside what they test and do not
 * count.
 */
export function fullFolders(files: readonly SourceFile[]): readonly string[] {
  const folders = Map.groupBy(
    files.filter((file) => isCode(file) && !isTest(file)),
    ({ path }) => dirname(path),
  );
  return [...folders].flatMap(([folder, inside]) =>
    inside.length > FOLDER_MAX ? [`${folder} holds ${inside.length} files, more than ${FOLDER_MAX}`] : [],
  );
}

/** Lines of code that are too wide; the formatter does not break comments and texts. */
export function wideLines(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter((file) => isCode(file) && !isGenerated(file))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, at) => {
        const { length } = line;
        return length > WIDTH_MAX ? [`${path}:${at + 1} has ${length} columns, more than ${WIDTH_MAX}`] : [];
      }),
    );
}
