import { closeSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';

/*
 * What workflows report about themselves, in a file that survives the death of the process that wrote it.
 * I1  Every line has the same length, so the number of lines is the size of the file.
 * I2  A line is in the kernel's hands before `write` returns: kill -9 loses none.
 */

const LINE_BYTES = 32;

/** A trace that goes nowhere, for workloads that need none. */
export const silent = { step() {}, late() {}, close() {} };

/** Opens a trace for appending; several processes may write one file. */
export function openTrace(path) {
  if (path === undefined) return silent;
  const file = openSync(path, 'a');
  const write = (...words) => writeSync(file, words.join(' ').padEnd(LINE_BYTES - 1) + '\n');
  return {
    /** A step begins. */
    step: (run, index) => write('step', run, index),
    /** A sleeper goes on, so many ms after it should have. */
    late: (run, lateMs) => write('late', run, lateMs),
    close: () => closeSync(file),
  };
}

/** How many lines the trace has by now. */
export function traceLength(path) {
  return statSync(path).size / LINE_BYTES;
}

/** What was written as `step` or `late`, as [run, number]. */
export function readTrace(path, what) {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines
    .map((line) => line.trimEnd().split(' '))
    .filter(([kind]) => kind === what)
    .map(([, run, value]) => [run, Number(value)]);
}
