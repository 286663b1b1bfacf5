import { splitVersion } from '../../core/cluster/demands.ts';
import type { StoredVersions } from '../../core/cluster/engine-view.ts';
import { highestVersion } from '../../core/versions/order.ts';
import type { Route } from '../../core/versions/route.ts';
import type { AnyWorkflow } from '../../core/workflow/workflow.ts';
import type { WorkflowRef } from '../../store/port/store.ts';

/**
 * Workflows that are data: an engine learns of them while it runs, and has each in memory when it first needs it. Made
 * outside: reading them takes more than an engine has.
 */
export interface Library {
  /** All that this process can interpret, as far as it has heard; the same object until it hears of others. */
  stored(): StoredVersions;
  has(workflow: string, version: string): boolean;
  /** Undefined: it is not in memory, or it is a draft, which another may have replaced meanwhile. */
  loaded(workflow: string, version: string): AnyWorkflow | undefined;
  /** Undefined: it is not there, or not to be read by this version of the program. */
  load(workflow: string, version: string): Promise<AnyWorkflow | undefined>;
  /** Reads again which are there. */
  look(): Promise<void>;
  /** The same if the settings have another revision, as a beat tells; true when there are others now. */
  follow(revision: number): Promise<boolean>;
  /** The same if nobody has told of the settings lately. */
  refresh(): Promise<void>;
  /** Which version of a workflow new runs get; undefined: nobody has set it. */
  route(workflow: string): Route | undefined;
  /** The highest of its versions that are no drafts. */
  highest(workflow: string): string | undefined;
}

/**
 * All that an engine can execute: workflows of authors, a task for each executor, and definitions. All of them are asked
 * for with each claim: of 300 a claim takes less than a millisecond longer, of 1,000 one.
 */
export interface Repertoire {
  /** Undefined: this engine interprets none. */
  library: Library | undefined;
  refs(): WorkflowRef[];
  has(workflow: string, workflowVersion: string): boolean;
  /** What can begin at once. */
  find(workflow: string, workflowVersion: string): AnyWorkflow | undefined;
  load(workflow: string, workflowVersion: string): Promise<AnyWorkflow | undefined>;
  /** Where nobody has set which version of a workflow new runs get. */
  highest(workflow: string): string | undefined;
}

export function createRepertoire(workflows: readonly AnyWorkflow[]): Repertoire {
  const own = new Map(workflows.map((workflow) => [`${workflow.name} ${workflow.version}`, workflow]));
  const ownRefs = workflows.map(refOf);
  let stored: StoredVersions | undefined;
  let all = ownRefs;
  const find: Repertoire['find'] = (workflow, workflowVersion) => {
    const { version } = splitVersion(workflowVersion);
    return own.get(`${workflow} ${version}`) ?? repertoire.library?.loaded(workflow, version);
  };
  const repertoire: Repertoire = {
    library: undefined,
    refs() {
      const now = repertoire.library?.stored();
      if (now !== undefined && now !== stored) {
        stored = now;
        all = [...ownRefs, ...now.versions];
      }
      return all;
    },
    has(workflow, workflowVersion) {
      const { version } = splitVersion(workflowVersion);
      return own.has(`${workflow} ${version}`) || (repertoire.library?.has(workflow, version) ?? false);
    },
    find,
    highest(workflow) {
      const versions = workflows.flatMap(({ name, version }) => (name === workflow ? [version] : []));
      const deployed = repertoire.library?.highest(workflow);
      return highestVersion(deployed === undefined ? versions : [...versions, deployed]);
    },
    async load(workflow, workflowVersion) {
      const { version } = splitVersion(workflowVersion);
      return find(workflow, version) ?? repertoire.library?.load(workflow, version);
    },
  };
  return repertoire;
}

export function refOf({ name, version }: AnyWorkflow): WorkflowRef {
  return { workflow: name, version };
}
