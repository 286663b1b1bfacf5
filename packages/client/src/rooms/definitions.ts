import type { BodyOf, CallOptions, Caller } from '../call.ts';
import type { Definition, Deployed, Validation } from '../shapes.ts';

/** Workflows that are data, their versions, and which of them new runs get. */
export interface Definitions {
  list(options?: CallOptions): Promise<readonly Definition[]>;
  read(name: string, options?: CallOptions): Promise<Definition>;
  /** Stores a version for good; the first of a name is active at once. The same content again is no error. */
  deploy(document: DefinitionLike, options?: CallOptions): Promise<Deployed>;
  /** Lets all new runs get this version. */
  activate(name: string, version: string | number, options?: CallOptions): Promise<Definition>;
  /** Lets parts of the new runs get other versions. */
  rollOut(name: string, plan: BodyOf<'rollOut'>, options?: CallOptions): Promise<Definition>;
  /** Ends the roll-out, or goes back to the version that was active before. */
  rollBack(name: string, options?: CallOptions): Promise<Definition>;
  /** Everything that is wrong with a document. Stores nothing. */
  validate(document: unknown, options?: CallOptions): Promise<Validation>;
}

/** A definition as data; the rest of it is checked by the server. */
export interface DefinitionLike {
  readonly workflow: string;
  readonly version: string | number;
}

export function definitionsOf({ call }: Caller): Definitions {
  return {
    list: async (options = {}) => (await call('listDefinitions', options)).items,
    read: (name, options = {}) => call('readDefinition', { params: { name }, ...options }),
    deploy(document, options = {}) {
      const params = { name: document.workflow, version: String(document.version) };
      return call('deployDefinition', { params, body: document, ...options });
    },
    activate: (name, version, options = {}) =>
      call('activateVersion', { params: { name }, body: { version }, ...options }),
    rollOut: (name, body, options = {}) => call('rollOut', { params: { name }, body, ...options }),
    rollBack: (name, options = {}) => call('rollBack', { params: { name }, ...options }),
    validate: (body, options = {}) => call('validateDefinition', { body, ...options }),
  };
}
