import { pathToFileURL } from 'node:url';
import { openTables } from './tables.mjs';
import { LEAVES } from './workflows.mjs';

/*
 * A benched run counts only if its record is in the store afterwards: every run that was started is closed as
 * completed, none is left open, and every step has exactly one completion in the history.
 */

const DECODER = new TextDecoder();

/** How many completed steps the chunks of history record, each step of each run counted once. */
export function countSteps(chunks) {
  const seen = new Set();
  for (const [run, data] of chunks) {
    for (const line of DECODER.decode(data).split('\n')) {
      if (!line.startsWith('{"type":"step-completed"')) continue;
      const { ordinal } = JSON.parse(line);
      seen.add(`${run} ${ordinal}`);
    }
  }
  return seen.size;
}

/** The key of payloads, where they are encrypted. */
export function keysOf({ encrypt }) {
  return encrypt ? [{ id: 'bench', key: new Uint8Array(32).fill(7) }] : [];
}

/** What stands in the tables, opened as the engine does it. */
export async function readable(place, chunks) {
  if (!place.encrypt) return chunks;
  const byRun = Map.groupBy(chunks, ([run]) => run);
  const raw = {
    readHistory: async (run) => byRun.get(run).map(([, data, seq]) => ({ data, seq })),
  };
  const room = new URL('store/encrypted/encrypted-store.js', pathToFileURL(place.engine));
  const { encryptedStore } = await import(room);
  const store = encryptedStore(raw, keysOf(place), 'default');
  const ofRun = async (run) => (await store.readHistory(run)).map(({ data }) => [run, data]);
  return (await Promise.all([...byRun.keys()].map(ofRun))).flat();
}

/** Compares what the store holds with what was started; to be asked when the engine has closed. */
export async function verifyDurable(place, started) {
  const expected = { runs: 0, steps: 0 };
  for (const [workflow, count] of started) {
    expected.runs += count * LEAVES[workflow].runs;
    expected.steps += count * LEAVES[workflow].steps;
  }
  const tables = await openTables(place);
  const found = {
    runs: await tables.completed(),
    steps: countSteps(await readable(place, await tables.chunks())),
    open: await tables.open(),
  };
  await tables.close();
  const ok = found.runs === expected.runs && found.steps === expected.steps && found.open === 0;
  return { ok, expected, found };
}
