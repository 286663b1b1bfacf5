import { isTest } from './repository.ts';
import type { SourceFile } from './repository.ts';

/** What only Node has; the client also works in browsers and workers. */
const NODE_ALONE =
  /(?<![\w.$'-])(?:process|Buffer|global|__dirname|__filename|setImmediate|clearImmediate)\b(?!['-])|\brequire\(|'node:/;

/** What another package would have to be installed for. */
const FOREIGN = /\bfrom '(?!\.)([^']+)'|\bimport\('(?!\.)([^']+)'\)/;

/** Where the client would not load, or not work, outside of Node. */
export function nodeOnly(files: readonly SourceFile[]): readonly string[] {
  return files
    .filter((file) => file.path.startsWith('packages/client/src/') && !isTest(file))
    .flatMap(({ path, text }) =>
      text
        .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, (comment) => comment.replace(/[^\n]/g, ' '))
        .split('\n')
        .flatMap((line, at) =>
          [NODE_ALONE, FOREIGN].flatMap((pattern) => {
            const found = pattern.exec(line);
            return found === null ? [] : [`${path}:${at + 1} needs ${found[0]}`];
          }),
        ),
    );
}
