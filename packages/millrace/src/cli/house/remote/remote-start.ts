import type { Client } from '@millrace/client';
import type { StartOptions } from '../../../api/start-request.ts';
import { MillraceError } from '../../../core/errors.ts';
import type { AnyWorkflow } from '../../../core/workflow/workflow.ts';
import type { StartName } from '../../../versions/acts/choose.ts';
import { answerOf } from '../refusal.ts';

/** Starts a run on a server, which knows workflows by name alone. */
export async function remoteStart(
  client: Client,
  workflow: AnyWorkflow | StartName,
  input: unknown,
  options: StartOptions,
): Promise<{ readonly runId: string }> {
  const { key, queue, tags, priority, transaction, ...others } = options;
  const more = Object.entries(others).filter(([, value]) => value !== undefined);
  if (transaction !== undefined || more.length > 0)
    throw new MillraceError(
      'INVALID_ARGUMENT',
      `a start over HTTP takes no ${more.map(([name]) => name).join()}`,
    );
  const { name, version } = nameOf(workflow);
  const start = { key, queue, priority, version, ...(tags === undefined ? {} : { tags: [...tags] }) };
  const { runId } = await answerOf<{ runId: string }>(client.start(name, input, start));
  return { runId };
}

function nameOf(workflow: AnyWorkflow | StartName): { name: string; version?: string } {
  if (typeof workflow === 'string') return { name: workflow };
  return { name: workflow.name, version: String(workflow.version) };
}
