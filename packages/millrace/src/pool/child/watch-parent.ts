import { Worker } from 'node:worker_threads';

/*
 * A closed channel ends an orphan, but not one whose job blocks the loop: it would compute for nobody until it is
 * done. A thread sees it too.
 */
const LOOK_EVERY_MS = 500;
const WATCH = `
  const { workerData: { parent, everyMs } } = require('node:worker_threads');
  setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, everyMs);
`;

export function watchParent(): void {
  const workerData = { parent: process.ppid, everyMs: LOOK_EVERY_MS };
  const resourceLimits = { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 4 };
  new Worker(WATCH, { eval: true, execArgv: [], env: {}, workerData, resourceLimits }).unref();
}
