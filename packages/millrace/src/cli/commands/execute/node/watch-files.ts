import { watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/** An editor writes a file in several steps. */
const SETTLE_MS = 50;

/**
 * Tells which of these files has changed. Their folders are watched: editors write a new file in the place of the old one.
 */
export function watchFiles(files: readonly string[], changed: (file: string) => void): Disposable {
  const timers = new Map<string, NodeJS.Timeout>();
  const notice = (file: string): void => {
    clearTimeout(timers.get(file));
    timers.set(
      file,
      setTimeout(() => changed(file), SETTLE_MS),
    );
  };
  const folders = Map.groupBy(files, (file) => dirname(resolve(file)));
  const watchers = [...folders].map(([folder, inside]) =>
    watch(folder, (_event, name) => {
      // Some systems do not say which.
      for (const file of inside) if (name === null || name === basename(file)) notice(file);
    }),
  );
  return {
    [Symbol.dispose]() {
      for (const watcher of watchers) watcher.close();
      for (const timer of timers.values()) clearTimeout(timer);
    },
  };
}
