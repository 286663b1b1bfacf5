/* The worker's process: `node worker.mjs ASSIGNMENT`. Says `ready`, works until told to `stop` or killed. */
import { openTrace } from './measure/trace.mjs';

const place = JSON.parse(process.argv[2]);
const driver = await import(`./${place.driver}`);
const work = await driver.work(place, openTrace(place.trace));

async function stop() {
  const counters = (await work.stop?.()) ?? {};
  process.send(counters, () => process.exit(0));
}

process.on('message', (message) => {
  if (message === 'done') process.send({ done: work.done() });
  if (message === 'stop') void stop();
});
process.once('disconnect', () => process.exit(0));
process.send('ready');
