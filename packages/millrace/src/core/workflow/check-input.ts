import type { StandardSchemaV1 } from '@standard-schema/spec';
import { MillraceError } from '../errors.ts';
import type { AnyWorkflow, NamedWorkflow } from './workflow.ts';

/** Whether there is anything to check. */
export function hasSchema(
  workflow: AnyWorkflow | NamedWorkflow,
): workflow is AnyWorkflow & { readonly inputSchema: StandardSchemaV1 } {
  return 'inputSchema' in workflow && workflow.inputSchema !== undefined;
}

/** The input as the workflow's schema gives it back. @throws INVALID_INPUT with every issue. */
export async function checkInput(workflow: AnyWorkflow | NamedWorkflow, input: unknown): Promise<unknown> {
  if (!hasSchema(workflow)) return input;
  return accepted(workflow, await workflow.inputSchema['~standard'].validate(input));
}

/**
 * The same inside a turn, where nothing may take time. @throws INVALID_INPUT; INVALID_ARGUMENT if the schema
 * does.
 */
export function checkInputNow(workflow: AnyWorkflow | NamedWorkflow, input: unknown): unknown {
  if (!hasSchema(workflow)) return input;
  const result = workflow.inputSchema['~standard'].validate(input);
  if (!('then' in result)) return accepted(workflow, result);
  throw new MillraceError(
    'INVALID_ARGUMENT',
    `the input schema of workflow "${workflow.name}" is asynchronous`,
    {
      remedy: 'Give workflows that are started as children a schema that answers at once.',
    },
  );
}

function accepted(workflow: NamedWorkflow, result: StandardSchemaV1.Result<unknown>): unknown {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.map(({ message, path = [] }) => ({
    path: path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.'),
    message,
  }));
  const list = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
  throw new MillraceError('INVALID_INPUT', `input of workflow "${workflow.name}" is refused: ${list}`, {
    details: { issues },
  });
}
