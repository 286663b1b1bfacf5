import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openTables, sqlitePath } from '../millrace/tables.mjs';

const ACTOR = join(import.meta.dirname, 'actor.mjs');

/**
 * An empty store for one case, and processes on it, each of the program `actor`. Everything is gone when `use` is done.
 */
export async function onStage({ store, folder, postgres, actor = ACTOR }, use) {
  const place = { store, folder: mkdtempSync(join(folder, 'millrace-scale-')) };
  if (store === 'postgres') place.postgres = await postgres.createDatabase();
  const url = place.postgres ?? `file:${sqlitePath(place)}`;
  const actors = new Set();
  const stage = {
    url,
    folder: place.folder,
    storePid: store === 'postgres' ? postgres.pid : undefined,
    openTables: () => openTables(place),
    /** Starts a process in a role (actor.mjs); resolves when it is ready. */
    async enter(assignment, flags = []) {
      const child = fork(actor, [JSON.stringify({ url, store, ...assignment })], { execArgv: flags });
      actors.add(child);
      await answerOf(child);
      return {
        pid: child.pid,
        /** Tells it to do something, and waits for the answer. */
        async ask(what) {
          child.send({ what });
          return answerOf(child);
        },
        /** Ends it as a power cut would. */
        async kill() {
          const gone = once(child, 'exit');
          child.kill('SIGKILL');
          await gone;
          actors.delete(child);
        },
        async leave() {
          const gone = once(child, 'exit');
          child.send({ what: 'leave' });
          await gone;
          actors.delete(child);
        },
      };
    },
  };
  const end = () => actors.forEach((child) => child.kill('SIGKILL'));
  process.once('exit', end);
  try {
    return await use(stage);
  } finally {
    end();
    process.off('exit', end);
    if (place.postgres !== undefined) await postgres.dropDatabase(place.postgres);
    rmSync(place.folder, { recursive: true, force: true });
  }
}

async function answerOf(child) {
  const heard = new AbortController();
  const { signal } = heard;
  const gone = once(child, 'exit', { signal }).then(([code, ended]) => {
    throw new Error(`a process ended with ${ended ?? code}`);
  });
  gone.catch(() => undefined);
  try {
    const [{ failed, answer }] = await Promise.race([once(child, 'message', { signal }), gone]);
    if (failed !== undefined) throw new Error(failed);
    return answer;
  } finally {
    heard.abort();
  }
}
