import { parentPort, workerData } from 'node:worker_threads';
import { createBuild, type Build } from '../../api/preflight/build.ts';
import { rehearseHere } from '../../api/preflight/rehearser.ts';
import { failureOf } from '../../core/failure.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import { nodePorts } from '../../ports/node-ports.ts';
import { loadBuild } from '../modules/load-build.ts';
import type { FromThread, ThreadSettings, ToThread } from './messages.ts';

/*
 * The thread of `rehearsal-thread.ts`: loads the build, then rehearses one run after the other, so that the one that never
 * comes back is known.
 */
// Given by `rehearsal-thread.ts`, in this version of the program.
const { files } = workerData as ThreadSettings;
const rehearse = rehearseHere(nodePorts(() => {}).drained);

function say(message: FromThread): void {
  parentPort?.postMessage(message);
}

async function load(): Promise<readonly AnyWorkflow[] | undefined> {
  try {
    const workflows = await loadBuild(files);
    say({ kind: 'ready', workflows: workflows.map(({ name, version }) => ({ name, version })) });
    return workflows;
  } catch (error) {
    say({ kind: 'refused', failure: failureOf(error) });
    return undefined;
  }
}

async function judge(build: Build<AnyWorkflow>, { id, name, version, ...run }: ToThread): Promise<void> {
  const workflow = build.forRun(name, version);
  if (workflow === undefined) throw new Error(`the build has no ${name}@${version}`);
  say({ kind: 'verdict', id, verdict: await rehearse({ workflow, ...run }) });
}

const workflows = await load();
if (workflows !== undefined) {
  const build = createBuild(workflows);
  let turn = Promise.resolve();
  parentPort?.on('message', (job: ToThread) => {
    turn = turn.then(() => judge(build, job));
  });
}
