import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Recorded executions of real workflows in WfFormat 1.5: one for each file of the folder that is one. */
export function readRecorded(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((file) => ({
      ...JSON.parse(readFileSync(join(folder, file), 'utf8')),
      name: basename(file, '.json'),
    }))
    .filter(
      ({ workflow }) => workflow?.specification?.tasks !== undefined && workflow.execution !== undefined,
    )
    .map(({ name, workflow }) => ({ name, tasks: tasksOf(workflow) }));
}

function tasksOf({ specification, execution }) {
  const seconds = new Map(execution.tasks.map(({ id, runtimeInSeconds }) => [id, runtimeInSeconds ?? 0]));
  const places = new Map(specification.tasks.map(({ id }, at) => [id, at]));
  return specification.tasks.map(({ id, parents }) => ({
    id,
    seconds: seconds.get(id) ?? 0,
    needs: parents.map((parent) => places.get(parent)),
  }));
}

/** The tasks with times in ms such that their mean is `meanMs`. */
export function scaled(tasks, meanMs) {
  const total = tasks.reduce((sum, { seconds }) => sum + seconds, 0);
  const factor = (meanMs * tasks.length) / total;
  return tasks.map(({ id, seconds, needs }) => ({ id, needs, ms: seconds * factor }));
}
