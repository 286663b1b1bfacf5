import { killAndRecover } from './crash.mjs';
import { callAndWait, fanOut, hundredSteps } from './single.mjs';
import { sleepers } from './sleep.mjs';
import { oneStep, tenSteps } from './throughput.mjs';

/**
 * The workloads by name. `sizes` can be set anew for a subject; `scaled` names those that `--scale` shrinks;
 * `traced` gives the workflows a trace file; `keyed` gives
 * every run a key; `split` needs a worker process that can be killed.
 */
export const WORKLOADS = {
  W1: {
    title: 'workflows of one step',
    run: oneStep,
    sizes: { runs: 20_000, warmUpRuns: 1000 },
    scaled: ['runs', 'warmUpRuns'],
  },
  W1k: {
    title: 'workflows of one step, each with a key of its own',
    run: oneStep,
    sizes: { runs: 20_000, warmUpRuns: 1000 },
    scaled: ['runs', 'warmUpRuns'],
    keyed: true,
  },
  W2: {
    title: '500 workflows of 10 sequential steps',
    run: tenSteps,
    sizes: { runs: 500 },
    scaled: ['runs'],
  },
  W3: { title: 'fan-out of 1,000 steps and join', run: fanOut('fan'), sizes: {}, scaled: [] },
  W3b: { title: 'fan-out of 1,000 child workflows and join', run: fanOut('family'), sizes: {}, scaled: [] },
  W4: {
    title: 'start to result, nothing else running',
    run: callAndWait,
    sizes: { calls: 500, leastCalls: 100, limitMs: 20_000 },
    scaled: ['calls', 'leastCalls'],
  },
  W5: { title: 'one workflow of 100 sequential steps', run: hundredSteps, sizes: {}, scaled: [] },
  W6: {
    title: '5,000 workflows asleep for 5 s',
    run: sleepers,
    sizes: { runs: 5000, warmUpRuns: 500 },
    scaled: ['runs', 'warmUpRuns'],
    traced: true,
  },
  W7: {
    title: 'kill -9 after 2,000 of 20,000 steps',
    run: killAndRecover,
    sizes: { runs: 2000, killAfter: 2000, limitMs: 240_000 },
    scaled: ['runs', 'killAfter'],
    traced: true,
    split: true,
  },
};
