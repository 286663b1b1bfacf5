import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/*
 * What really happened, written by whoever did it and outside the engine: a line when a task begins and one when it has
 * ended. Lines are appended by the kernel, so that those of a process that is killed are there, and all processes of a
 * machine share one monotonic clock.
 */

/** Of a process that executes tasks. */
export function openLedger(path) {
  const file = openSync(path, 'a');
  const note = (what, id) => writeSync(file, `${what} ${process.hrtime.bigint()} ${id}\n`);
  return { begin: (id) => note('begin', id), end: (id) => note('end', id), close: () => closeSync(file) };
}

/** All entries, times in ms. */
export function readLedger(path) {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [what, at, ...id] = line.split(' ');
      return { what, at: Number(BigInt(at)) / 1e6, id: id.join(' ') };
    });
}

/** Tasks that began before something that they need had ended, each in words. */
export function orderViolations(tasks, entries) {
  const ended = new Map();
  const violations = [];
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const { what, id } of entries.toSorted((a, b) => a.at - b.at)) {
    if (what === 'end') ended.set(id, true);
    else
      for (const need of byId.get(id).needs) {
        const { id: needed } = tasks[need];
        if (!ended.has(needed)) violations.push(`${id} began before ${needed} had ended`);
      }
  }
  return violations;
}

/** Tasks without an end. */
export function neverEnded(tasks, entries) {
  const ended = new Set(entries.flatMap(({ what, id }) => (what === 'end' ? [id] : [])));
  return tasks.filter(({ id }) => !ended.has(id)).map(({ id }) => id);
}

/** The most tasks at once. A task that began and whose process was killed is over by then. */
export function mostAtOnce(entries) {
  const open = new Map();
  let most = 0;
  for (const { what, id } of entries.toSorted((a, b) => a.at - b.at)) {
    if (what === 'begin') open.set(id, true);
    else open.delete(id);
    most = Math.max(most, open.size);
  }
  return most;
}

/** From the first begin to the last end, ms. */
export function makespanOf(entries) {
  const times = entries.map(({ at }) => at);
  return Math.max(...times) - Math.min(...times);
}
