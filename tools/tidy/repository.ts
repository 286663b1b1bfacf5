import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../bootstrap/run-child.mjs';

/** A text file of the repository; `path` is relative to the root, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

const CODE = /\.(ts|tsx|mts|cts|js|mjs|cjs)$/;
const TEST = /\.(test|contract|sim|proc)\.ts$/;
const BINARY = /\.(png|jpg|gif|ico|woff2|db|gz|zip|pdf)$/;

/** Every text file that is, or could be, committed. */
export function repositoryFiles(): readonly SourceFile[] {
  // In a linked work tree `.git` is a file.
  return walk('', ['.git/', '.git']).map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** Leaves out the folders in .gitignore and the files that it names in full; patterns are of no interest here. */
function walk(folder: string, ignoredAbove: readonly string[]): string[] {
  const list = join(ROOT, folder, '.gitignore');
  const ignored = existsSync(list)
    ? [...ignoredAbove, ...readFileSync(list, 'utf8').split('\n')]
    : ignoredAbove;
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ignored.includes(`${entry.name}/`) ? [] : walk(path, ignored);
    return entry.isFile() && !BINARY.test(entry.name) && !ignored.includes(entry.name) ? [path] : [];
  });
}

export function isCode({ path }: SourceFile): boolean {
  return CODE.test(path);
}

export function isTest({ path }: SourceFile): boolean {
  return TEST.test(path);
}

/** A file whose form is not ours to choose. */
export function isGenerated({ path }: SourceFile): boolean {
  return ['package-lock.json', 'LICENSE'].includes(basename(path)) || path.includes('/generated/');
}

/** Source of the library, without its tests, with paths relative to `src/`. */
export function libraryFiles(files: readonly SourceFile[]): readonly SourceFile[] {
  const src = 'packages/millrace/src/';
  return files
    .filter((file) => file.path.startsWith(src) && isCode(file))
    .map(({ path, text }) => ({ path: path.slice(src.length), text }));
}
