import { existsSync } from 'node:fs';
import type { DefinitionDocument } from '../../../core/dag/definition.ts';
import { isMillraceError, MillraceError } from '../../../core/errors.ts';
import type { AnyWorkflow } from '../../../core/workflow/workflow.ts';
import { databaseFile } from '../../connect/store-address.ts';
import { chooseWorkflow } from '../../modules/choose-workflow.ts';
import { namesDefinition, readDefinitionFile } from '../../modules/definition-file.ts';
import { namesFile, splitFragment } from '../../modules/import-module.ts';
import type { ModuleContents } from '../../modules/inspect-exports.ts';
import { loadModule, mergeContents } from '../../modules/load-modules.ts';
import type { Terminal } from '../../terminal.ts';

/** What an argument of `run` means, and all that its modules have. */
export type Target = { readonly contents: ModuleContents } & (
  | { readonly kind: 'code'; readonly workflow: AnyWorkflow }
  /** A file: stored as a draft before it runs. */
  | { readonly kind: 'definition'; readonly workflow: AnyWorkflow; readonly document: DefinitionDocument }
  /** A workflow that is deployed. */
  | { readonly kind: 'name'; readonly name: string }
);

export interface TargetRequest {
  readonly target: string;
  /** Of `--executors` or the environment. */
  readonly module: string | undefined;
  /** Of the store: what is deployed is there. */
  readonly url: string;
}

/** @throws UNKNOWN_WORKFLOW, UNKNOWN_VERSION, INVALID_ARGUMENT, INVALID_DEFINITION. */
export async function loadTarget(terminal: Terminal, request: TargetRequest): Promise<Target> {
  const { target, module } = request;
  const extra = module === undefined ? [] : [await loadModule(module, 'option')];
  if (namesDefinition(target)) {
    const { document, definition } = await readDefinitionFile(terminal, target);
    const { definitionWorkflow } = await import('../../../flows/dag/definition-workflow.ts');
    const workflow = definitionWorkflow(definition);
    return { kind: 'definition', workflow, document, contents: mergeContents(extra) };
  }
  if (namesFile(target)) {
    const { path, fragment } = splitFragment(target);
    const own = await loadModule(path, 'run');
    const contents = mergeContents([own, ...extra]);
    return { kind: 'code', workflow: chooseWorkflow(own.workflows, fragment, path), contents };
  }
  return named(request, mergeContents(extra));
}

/** A workflow of the module; where that has none of the name, one that is deployed. */
function named({ target, module, url }: TargetRequest, contents: ModuleContents): Target {
  const deployed = { kind: 'name', name: target, contents } as const;
  const isStore = isThere(url);
  if (module === undefined || contents.workflows.length === 0) {
    if (isStore) return deployed;
    if (module === undefined) throw nowhere(target);
  }
  try {
    return { kind: 'code', workflow: chooseWorkflow(contents.workflows, target, module ?? ''), contents };
  } catch (error) {
    const isUnknown = isMillraceError(error, 'UNKNOWN_WORKFLOW') || isMillraceError(error, 'UNKNOWN_VERSION');
    if (isUnknown && isStore) return deployed;
    throw error;
  }
}

function isThere(url: string): boolean {
  const path = databaseFile(url);
  return path === undefined ? !url.endsWith(':memory:') : existsSync(path);
}

function nowhere(target: string): MillraceError {
  const what = `there is no file "${target}", and no module that could have a workflow of this name`;
  const remedy = 'Name a file such as ./order.ts, or the module with --executors or MILLRACE_MODULE.';
  return new MillraceError('UNKNOWN_WORKFLOW', what, { remedy });
}
