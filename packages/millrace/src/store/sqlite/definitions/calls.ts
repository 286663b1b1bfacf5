import type { DefinitionStore } from '../../port/definitions.ts';
import {
  checkDefinition,
  checkDefinitionRef,
  checkRoute,
  checkText,
  checkVersionFilter,
} from '../../port/text.ts';
import type { Connection } from '../database/connection.ts';
import type { Definitions } from './definitions.ts';
import type { Routes } from './routes.ts';
import type { CountVersions } from './versions.ts';

interface DefinitionActs {
  definitions: Definitions;
  routes: Routes;
  countVersions: CountVersions;
}

/** @param acts - prepared when a call needs them first. */
export function definitionCalls(
  { read, write }: Pick<Connection, 'read' | 'write'>,
  acts: () => DefinitionActs,
): DefinitionStore {
  return {
    putDefinition: async (request) => {
      checkDefinition(request);
      return write(() => acts().definitions.put(request));
    },
    readDefinitions: async (refs) => {
      for (const ref of refs) checkDefinitionRef(ref);
      return refs.length === 0 ? [] : read(() => acts().definitions.read(refs));
    },
    listDefinitions: async (namespace) => {
      checkText(namespace, 'namespace');
      return read(() => acts().definitions.list(namespace));
    },
    putRoute: async (request) => {
      checkRoute(request);
      return write(() => acts().routes.put(request));
    },
    countVersions: async (filter) => {
      checkVersionFilter(filter);
      return read(() => acts().countVersions(filter));
    },
  };
}
