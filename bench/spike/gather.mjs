/**
 * Group commit: what is asked for while a flush is under way waits and goes with the next one, at most `most`
 * at a time. `flush(items)` writes them durably; the promise of each item resolves when its flush has ended.
 */
export function createGatherer(flush, most = 500) {
  const waiting = [];
  let busy = false;

  async function pump() {
    busy = true;
    // Everything that this turn of the loop still asks for shall go along.
    await Promise.resolve();
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most);
      try {
        await flush(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    busy = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (!busy) void pump();
    });
}
