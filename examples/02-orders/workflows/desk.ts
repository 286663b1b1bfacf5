import { Millrace } from 'millrace';

/**
 * How a step reaches other runs: it uses a client, like anybody outside. The example's own process lends it
 * the engine that it has open; elsewhere (`module.ts` under the CLI) a client of its own is opened on
 * DATABASE_URL.
 */
let opened: Promise<Millrace> | undefined;

export function desk(): Promise<Millrace> {
  opened ??= Millrace.open({ work: false });
  return opened;
}

export function lendDesk(millrace: Millrace): void {
  opened = Promise.resolve(millrace);
}
