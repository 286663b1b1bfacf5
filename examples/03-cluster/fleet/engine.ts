/*
 * One engine: a process that executes whatever of the workflow is there to do. In production this is all there is to
 * start, as often as you like: `millrace serve --no-http` with a module does the same.
 */
import { Millrace } from 'millrace';
import { parcel } from '../parcel.ts';

const millrace = await Millrace.open({
  store: process.env['DATABASE_URL'],
  name: process.env['NODE_ID'],
  workflows: [parcel],
});
process.send?.('ready');

async function leave(): Promise<void> {
  await millrace.close();
  process.exit(0);
}
// Ctrl-C reaches the whole terminal: the program that started this one decides what it means.
process.on('SIGINT', () => {});
process.once('SIGTERM', () => void leave());
// That program has gone without a word.
process.once('disconnect', () => void leave());
