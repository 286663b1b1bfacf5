import { CommanderError } from 'commander';
import { isMillraceError, type ErrorCode } from '../core/errors.ts';
import { StoreError } from '../store/port/errors.ts';
import { safeLines } from './output/safe-text.ts';
import type { Terminal } from './terminal.ts';

/** What the command's exit status says. Part of the public contract. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** Wrong usage, or an invalid definition. */
  usage: 2,
  notFound: 3,
  /** The workflow ended failed or cancelled, or is blocked. */
  runEnded: 4,
  /** Neither server nor database can be reached. */
  unreachable: 5,
  /** The run timed out, or the limit of a wait passed. */
  timedOut: 124,
  SIGINT: 130,
  SIGTERM: 143,
} as const;

const EXIT_OF_CODE: Partial<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: EXIT.usage,
  UNKNOWN_OPTION: EXIT.usage,
  INVALID_DURATION: EXIT.usage,
  INVALID_INPUT: EXIT.usage,
  INVALID_DEFINITION: EXIT.usage,
  STORE_URL: EXIT.usage,
  DUPLICATE_REGISTRATION: EXIT.usage,
  UNPROTECTED_ADDRESS: EXIT.usage,
  PAYLOAD_TOO_LARGE: EXIT.usage,
  NOT_SERIALIZABLE: EXIT.usage,
  UNKNOWN_WORKFLOW: EXIT.notFound,
  UNKNOWN_VERSION: EXIT.notFound,
  RUN_NOT_FOUND: EXIT.notFound,
  STEP_NOT_FOUND: EXIT.notFound,
  ENGINE_NOT_FOUND: EXIT.notFound,
  LOCK_NOT_HELD: EXIT.notFound,
  API_KEY_NOT_FOUND: EXIT.notFound,
  SERVER_UNREACHABLE: EXIT.unreachable,
  STORE_UNREACHABLE: EXIT.unreachable,
  STORE_CONGESTED: EXIT.unreachable,
  STORE_SCHEMA_NEWER: EXIT.unreachable,
  STORE_NOT_WRITABLE: EXIT.unreachable,
  TIMEOUT: EXIT.timedOut,
};

/** Tells what went wrong and gives the exit status that it means. */
export function reportError(terminal: Terminal, error: unknown): number {
  // Commander has spoken already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const label = terminal.tellStyle('red', 'error:');
  if (isMillraceError(error)) {
    terminal.tell(`${label} ${safeLines(error.message)}`);
    return EXIT_OF_CODE[error.code] ?? EXIT.failed;
  }
  if (error instanceof StoreError) {
    terminal.tell(`${label} the store cannot be used: ${safeLines(error.message)}`);
    return EXIT.unreachable;
  }
  terminal.tell(
    `${label} ${safeLines(error instanceof Error ? (error.stack ?? error.message) : String(error))}`,
  );
  return EXIT.failed;
}
