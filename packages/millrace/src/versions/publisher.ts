import { Operator } from '../api/cluster/operator.ts';
import type { DefinitionDocument } from '../core/dag/definition.ts';
import { checkOptions } from '../core/errors.ts';
import type { DefinitionDescription } from '../core/versions/describe.ts';
import { guardOf, type GuardOptions } from '../core/versions/guard.ts';
import type { RolloutWish } from '../core/versions/change.ts';
import type { Problem } from '../core/dag/reading/problem.ts';
import type { Deployed } from './acts/deploy.ts';
import { describeDefinitions } from './acts/describe.ts';
import { readStored, type StoredDocument } from './acts/stored.ts';
import type { VersionDesk } from './desk.ts';
import { activate, rollBack, rollOut } from './acts/reroute.ts';

export interface DeployOptions {
  /** Where the text comes from: for messages. */
  file?: string | undefined;
  /** Who deploys it. Default: the name of this engine. */
  by?: string | undefined;
  /** True: it may be replaced while no open run is on it, and no start by name gets it. Default false. */
  draft?: boolean | undefined;
  /** Refuses a definition that says it is another one. */
  expect?: { readonly name: string; readonly version: number | string } | undefined;
}

export interface ChangeOptions {
  /** Who changes it. Default: the name of this engine. */
  by?: string | undefined;
  /** The same change sent again under it is not made again. */
  id?: string | undefined;
}

export interface RolloutOptions extends ChangeOptions {
  /**
   * Takes a version back by itself when it fails too often. True: with defaults. False: none. Default: that of the
   * roll-out that goes on, else none.
   */
  guard?: GuardOptions | boolean | undefined;
}

/** What those who release versions ask and change. It is the store's word, so a client can do the same. */
export abstract class Publisher extends Operator {
  protected abstract readonly versions: VersionDesk;

  /**
   * Stores a version of a definition, which never changes from then on; the same content again is no error. The first
   * version of a name activates itself.
   * @param definition - a document, or its text: YAML or JSON.
   * @throws INVALID_DEFINITION, VERSION_EXISTS with the differences, DUPLICATE_REGISTRATION.
   */
  async deploy(definition: DefinitionDocument | string, options: DeployOptions = {}): Promise<Deployed> {
    checkOptions('deploy', options, ['file', 'by', 'draft', 'expect']);
    const { file, by = this.versions.by, draft = false, expect } = options;
    // Reading definitions takes libraries that most engines never need.
    const { storeDefinition } = await import('./acts/deploy.ts');
    return storeDefinition(this.versions, definition, { file, draft, by, expect });
  }

  /**
   * Lets all new runs of a workflow get this version; runs that are there stay on theirs. A roll-out of it ends.
   * @throws UNKNOWN_WORKFLOW, UNKNOWN_VERSION, ROUTE_CHANGED.
   */
  async activate(
    name: string,
    version: number | string,
    options: ChangeOptions = {},
  ): Promise<DefinitionDescription> {
    checkOptions('activate', options, ['by', 'id']);
    await activate(this.versions, name, version, options);
    return this.definition(name);
  }

  /**
   * Lets parts of the new runs get other versions than the active one, drawn by their keys: the same key always gets the
   * same, and who has a version keeps it while that grows.
   * @param weights - percent by version, with at most one decimal; 0 takes a version out.
   * @throws INVALID_ARGUMENT, UNKNOWN_WORKFLOW, UNKNOWN_VERSION, ROUTE_CHANGED.
   */
  async rollout(
    name: string,
    weights: Readonly<Record<string, number>>,
    options: RolloutOptions = {},
  ): Promise<DefinitionDescription> {
    checkOptions('rollout', options, ['guard', 'by', 'id']);
    await rollOut(this.versions, name, { weights, guard: wishedGuard(options) }, options);
    return this.definition(name);
  }

  /**
   * Ends the roll-out; where there is none, the version that was active before is active again.
   * @throws INVALID_ARGUMENT, UNKNOWN_WORKFLOW, ROUTE_CHANGED.
   */
  async rollback(name: string, options: ChangeOptions = {}): Promise<DefinitionDescription> {
    checkOptions('rollback', options, ['by', 'id']);
    await rollBack(this.versions, name, options);
    return this.definition(name);
  }

  /**
   * Workflows by name with their versions: who gets them, how many runs are on each and on which engines it can run.
   * How closed runs ended is told of those that are being rolled out.
   */
  definitions(): Promise<DefinitionDescription[]> {
    return describeDefinitions(this.versions, undefined);
  }

  /** One of them, with how its runs ended since its route was last changed. @throws UNKNOWN_WORKFLOW. */
  async definition(name: string): Promise<DefinitionDescription> {
    const [found] = await describeDefinitions(this.versions, name);
    return found as DefinitionDescription; // or it has thrown
  }

  /** A stored version of a definition, as it was deployed. @throws UNKNOWN_WORKFLOW, UNKNOWN_VERSION. */
  async definitionVersion(name: string, version: number | string): Promise<StoredDocument> {
    return readStored(this.versions, name, version);
  }

  /** Everything that is wrong with a definition; nothing is stored. */
  async validate(
    definition: DefinitionDocument | string,
    options: { file?: string | undefined } = {},
  ): Promise<readonly Problem[]> {
    const { definitionProblems } = await import('./acts/document.ts');
    return definitionProblems(definition, options.file);
  }
}

function wishedGuard({ guard }: RolloutOptions): RolloutWish['guard'] {
  if (guard === undefined) return 'keep';
  if (guard === false) return undefined;
  return guardOf(guard === true ? {} : guard);
}
