import { MillraceError } from '../core/errors.ts';
import type { Patience } from '../api/store-failure.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineOptions } from '../engine/options.ts';
import type { Ports } from '../engine/ports.ts';
import type { StoreClock } from '../engine/store-clock.ts';
import type { Store } from '../store/port/store.ts';
import { createCatalogue } from './catalogue/catalogue.ts';
import type { VersionDesk } from './desk.ts';
import { createEngineLook } from './catalogue/engines.ts';
import type { Interpreted } from './catalogue/language.ts';

/** A client has no beat that tells of changes: it looks again when it starts something and this has passed. */
const CLIENT_FRESH_MS = 1_000;
/** Beats that may be late before an engine looks by itself. */
const LATE_BEATS = 2.5;

export interface VersionParts {
  readonly store: Store;
  readonly ports: Ports;
  readonly options: EngineOptions;
  readonly clock: StoreClock;
  /** Of this process; undefined: a client. */
  readonly engine: Engine | undefined;
  readonly answered: Patience;
}

/** Makes what this process knows of versions; its engine interprets definitions from then on. */
export function openVersions(parts: VersionParts): VersionDesk {
  const { store, ports, options, clock, engine, answered } = parts;
  const { namespace, name, workflows, beatMs } = options;
  const catalogue = createCatalogue({
    ...{ store, namespace, ports, interpret },
    persist: (call) => (engine === undefined ? answered(call) : engine.persist(call)),
    report: (message) => ports.log({ source: 'engine', level: 'error', message }),
    freshMs: engine === undefined ? CLIENT_FRESH_MS : beatMs * LATE_BEATS,
    warm: engine !== undefined,
  });
  if (engine !== undefined) engine.repertoire.library = catalogue;
  const engines = createEngineLook(store, catalogue, ports);
  return {
    ...{ store, answered, catalogue, namespace, by: name, workflows, engines },
    storeTime: () => clock.lower(),
  };
}

/** Interpreting takes libraries that an engine without definitions never needs. */
async function interpret(body: Uint8Array): Promise<Interpreted> {
  const language = await import('./catalogue/language.ts');
  return language.interpret(body);
}

/** @throws DUPLICATE_REGISTRATION for code whose name and version a deployed definition has. */
export function refuseDuplicates({ catalogue, workflows }: VersionDesk): void {
  for (const { name, version } of workflows) {
    if (catalogue.row(name, version)?.draft !== false) continue;
    const what = `version ${version} of workflow "${name}" is registered as code, and deployed as a definition`;
    throw new MillraceError('DUPLICATE_REGISTRATION', what, {
      remedy: 'Give the code another version, or another name.',
    });
  }
}
