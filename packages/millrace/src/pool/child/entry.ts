import { MillraceError } from '../../core/errors.ts';
import { errorOf, failureOf } from '../../core/failure.ts';
import { decodeValue, encodeValue } from '../../core/json.ts';
import type { FromWorker, ToWorker } from '../protocol.ts';
import { jobContext, type JobContext } from './job-context.ts';
import { loadFunction } from './load-function.ts';
import { watchParent } from './watch-parent.ts';

/*
 * The program of a worker process: executes jobs until it is told to leave or its parent is gone. Signals of the
 * terminal and of service managers go to the whole group; whether to stop is the parent's decision.
 */
const MB = 1024 * 1024;
const jobs = new Map<number, JobContext>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit(0));
process.on('message', (message) => receive(message as ToWorker));
watchParent();
send({ type: 'ready' });

function send(message: FromWorker): void {
  // Whoever starts the file without a parent to talk to has nothing to hear.
  process.send?.(message, undefined, {}, () => {});
}

function receive(message: ToWorker): void {
  switch (message.type) {
    case 'check':
      return void answer(message.id, async () => {
        await checkFunction(message.module, message.exportName);
        return '';
      });
    case 'run':
      return void answer(message.id, () => execute(message));
    case 'abort':
      return jobs.get(message.id)?.abort(errorOf(message.failure));
    case 'checkpointed':
      return jobs.get(message.id)?.checkpointed(message.seq, message.failure);
    case 'ping': {
      const { userCPUTime, systemCPUTime } = process.resourceUsage();
      const usage = { cpuMs: (userCPUTime + systemCPUTime) / 1000, rssMb: process.memoryUsage.rss() / MB };
      return send({ type: 'pong', usage });
    }
    case 'leave':
      return process.disconnect();
    default:
      message satisfies never;
  }
}

async function answer(id: number, work: () => Promise<string>): Promise<void> {
  try {
    send({ type: 'done', id, output: await work() });
  } catch (error) {
    send({ type: 'failed', id, failure: failureOf(error) });
  } finally {
    jobs.delete(id);
  }
}

async function execute({
  id,
  module,
  exportName,
  input,
  facts,
}: ToWorker & { type: 'run' }): Promise<string> {
  const job = jobContext(id, facts, send);
  // Before the module is loaded: an abort may come meanwhile.
  jobs.set(id, job);
  const run = await loadFunction(module, exportName);
  const output = await run(decodeValue(input), job.step);
  return encodeValue(output, `result of step "${facts.name}"`);
}

/** What is wrong with the module is said once, when the engine opens, and not by each attempt. */
async function checkFunction(module: string, exportName: string): Promise<void> {
  try {
    await loadFunction(module, exportName);
  } catch (error) {
    const { name, message, code } = failureOf(error);
    if (name === 'MillraceError') throw error;
    const what = `isolated "${exportName}" of ${module} cannot be loaded: ${code ?? name}: ${message}`;
    throw new MillraceError('INVALID_ARGUMENT', what, {
      cause: error,
      remedy: 'Correct the path or the module, so that a worker process can import it.',
    });
  }
}
