import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { show } from '../../../errors.ts';
import type { Finding } from '../problem.ts';
import { DEFINITION_SCHEMA, MAX_NODES } from './definition-schema.ts';
import { explain } from './explain.ts';

/** What in a document is not of the format: by the published schema. */
export function checkFormat(document: unknown): readonly Finding[] {
  const nodes = nodesIn(document);
  if (nodes > MAX_NODES) return [tooManyNodes(nodes)];
  const validate = validator();
  return validate(document) ? [] : explain(validate.errors as ErrorObject[], document);
}

let compiled: ValidateFunction | undefined;

/** Compiled when it is first needed: that takes longer than reading a small definition. */
function validator(): ValidateFunction {
  compiled ??= new Ajv2020({ allErrors: true, verbose: true, allowUnionTypes: true }).compile(
    DEFINITION_SCHEMA,
  );
  return compiled;
}

function nodesIn(document: unknown): number {
  const { nodes } = (document ?? {}) as { readonly nodes?: unknown };
  return typeof nodes === 'object' && nodes !== null ? Object.keys(nodes).length : 0;
}

function tooManyNodes(count: number): Finding {
  return {
    path: ['nodes'],
    code: 'TOO_LARGE',
    message: `there are more than ${MAX_NODES} nodes`,
    value: show(count),
    remedy: 'Split it: a node `workflow: NAME` runs another definition.',
    atKey: true,
  };
}
