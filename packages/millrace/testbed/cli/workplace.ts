import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of its own with a store address and modules, gone when the test is. */
export interface Workplace extends Disposable {
  readonly folder: string;
  /** Address of a SQLite store in the folder; nothing has made it yet. */
  readonly store: string;
  /** Writes a module that imports `millrace` from its source, and gives its path. */
  write(name: string, text: string): string;
}

const INDEX = new URL('../../src/index.ts', import.meta.url).href;

export function workplace(): Workplace {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  return {
    folder,
    store: `file:${join(folder, 'store.db')}`,
    write(name, text) {
      const path = join(folder, name);
      writeFileSync(path, text.replaceAll("'millrace'", `'${INDEX}'`));
      return path;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
