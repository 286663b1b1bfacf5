import { acting, list, type ActOptions, type BodyOf, type CallOptions, type Caller } from '../call.ts';
import type { Pages } from '../pages.ts';
import type { Definition, Deployed, Validation } from '../shapes.ts';

/** Workflows that are data, their versions, and which of them new runs get. */
export interface Definitions {
  /** By name, those of code among them. */
  list(options?: CallOptions & { readonly limit?: number | undefined }): Pages<Definition>;
  read(name: string, options?: CallOptions): Promise<Definition>;
  /** Stores a version for good; the first of a name is active at once. The same content again is no error. */
  deploy(document: DefinitionLike, options?: CallOptions): Promise<Deployed>;
  /** The same with its text, so that problems say where in it they are. */
  deployText(of: DefinitionName, text: string, options?: CallOptions): Promise<Deployed>;
  /** Lets all new runs get this version. */
  activate(name: string, version: string | number, options?: ActOptions): Promise<Definition>;
  /** Lets parts of the new runs get other versions. */
  rollOut(name: string, plan: BodyOf<'rollOut'>, options?: ActOptions): Promise<Definition>;
  /** Ends the roll-out, or goes back to the version that was active before. */
  rollBack(name: string, options?: ActOptions): Promise<Definition>;
  /** Everything that is wrong with a definition: YAML or JSON. Stores nothing. */
  validate(text: string, options?: CallOptions): Promise<Validation>;
}

/** A definition as data; the rest of it is checked by the server. */
export interface DefinitionLike {
  readonly workflow: string;
  readonly version: string | number;
}

export interface DefinitionName {
  readonly name: string;
  readonly version: string;
}

export function definitionsOf(caller: Caller): Definitions {
  const { call } = caller;
  return {
    list: ({ limit, signal } = {}) => list(caller, 'listDefinitions', { query: { limit }, signal }),
    read: (name, options = {}) => call('readDefinition', { params: { name }, ...options }),
    deploy(document, options = {}) {
      const params = { name: document.workflow, version: String(document.version) };
      // JSON is YAML, too.
      return call('deployDefinition', { params, body: JSON.stringify(document), ...options });
    },
    deployText: (params, body, options = {}) => call('deployDefinition', { params, body, ...options }),
    activate: (name, version, options = {}) =>
      call('activateVersion', { params: { name }, body: { version }, ...acting(options) }),
    rollOut: (name, body, options = {}) => call('rollOut', { params: { name }, body, ...acting(options) }),
    rollBack: (name, options = {}) => call('rollBack', { params: { name }, ...acting(options) }),
    validate: (body, options = {}) => call('validateDefinition', { body, ...options }),
  };
}
