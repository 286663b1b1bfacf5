/**
 * One line of the catalogue: how a surface reports the code, what it means, and what the reader can do about
 * it.
 */
export interface ErrorEntry {
  /** HTTP status of the API's problem document. */
  readonly status: number;
  /** What happened, as the reference page says it. */
  readonly summary: string;
  /**
   * What to do, one sentence in the imperative. Used when the place that throws knows nothing more precise.
   */
  readonly remedy: string;
}

/**
 * Every code that Millrace itself raises; `docs/reference/errors.md` lists exactly these. Codes are public
 * and stored in histories: a code may be added, never renamed or given another meaning.
 */
export const ERRORS = {
  // --- what the caller wrote
  INVALID_ARGUMENT: {
    status: 400,
    summary: 'An argument or option has a value that is not allowed there.',
    remedy: 'Pass a value of the shape named in the message.',
  },
  UNKNOWN_OPTION: {
    status: 400,
    summary: 'An options object has a key that does not exist.',
    remedy: 'Remove the key, or spell it like one of the allowed keys.',
  },
  INVALID_DURATION: {
    status: 400,
    summary: 'A duration could not be read.',
    remedy: "Write milliseconds as a number, or text such as '30s', '1h 30m', '7 days' or 'PT15M'.",
  },
  INVALID_INPUT: {
    status: 422,
    summary:
      "The input is not what the workflow's schema or the executor takes; `details.issues` lists each problem.",
    remedy: 'Correct the input at the paths listed and start again.',
  },
  INVALID_DEFINITION: {
    status: 422,
    summary: 'A definition has problems; `details.problems` lists each with line, path and remedy.',
    remedy: 'Correct what is listed; `millrace validate FILE` shows it again.',
  },
  STORE_URL: {
    status: 400,
    summary: 'The store address is missing or of an unknown kind.',
    remedy: "Use 'file:PATH' for SQLite or 'postgres://USER@HOST/DATABASE' for PostgreSQL.",
  },
  INVALID_TOKEN: {
    status: 400,
    summary: 'A completion token is malformed or belongs to a step that does not wait for one.',
    remedy: 'Pass the token unchanged as the step received it.',
  },
  DUPLICATE_REGISTRATION: {
    status: 409,
    summary:
      'Two workflows with the same name and version, or two executors with the same name, were registered.',
    remedy: 'Rename one of them, or give the workflow another version.',
  },

  VERSION_EXISTS: {
    status: 409,
    summary:
      'This version of the definition was deployed with other content; deployed versions never change.',
    remedy: 'Give the changed definition another version.',
  },
  ROUTE_CHANGED: {
    status: 409,
    summary: 'Somebody else changed which versions new runs get, at the same time.',
    remedy: 'Look at the definition again, then repeat the change if it is still wanted.',
  },

  // --- how nodes of a definition fail
  EXPRESSION: {
    status: 422,
    summary: 'An expression of a definition could not be evaluated, or cost too much; it is not tried again.',
    remedy: 'Correct the expression: the message says which node and which part of it.',
  },
  EXECUTOR_DISABLED: {
    status: 403,
    summary: 'The executor is there, and this engine does not allow it.',
    remedy: "Allow it in the engine's environment, or take the executor out of the definition.",
  },

  ADDRESS_REFUSED: {
    status: 403,
    summary: 'A request was to go to an address that is not public; nothing was sent.',
    remedy: 'Name a public host, or let this one through with HTTP_ALLOW_HOSTS=host:port.',
  },
  REDIRECT_REFUSED: {
    status: 422,
    summary:
      'The answer to a request leads on to where it may not go: too often, unencrypted, or not by HTTP.',
    remedy: 'Name the final address, or take the redirect as the answer with followRedirects: false.',
  },

  // --- what is not there
  UNKNOWN_SECRET: {
    status: 422,
    summary: 'A definition uses a secret that the engine which executes the node does not have.',
    remedy: 'Set MILLRACE_SECRET_NAME, or MILLRACE_SECRET_NAME_FILE, for that engine.',
  },
  UNKNOWN_WORKFLOW: {
    status: 404,
    summary: 'No workflow of this name is registered or deployed.',
    remedy: 'Register the workflow on this engine, deploy it, or correct the name.',
  },
  UNKNOWN_VERSION: {
    status: 404,
    summary: 'The workflow exists, but not in this version.',
    remedy: 'Use one of the versions listed, or register this one.',
  },
  ENGINE_NOT_FOUND: {
    status: 404,
    summary: 'No engine of this name or incarnation is there.',
    remedy: 'List the engines with `millrace cluster`; one that has left is not there any more.',
  },
  STEP_NOT_FOUND: {
    status: 404,
    summary: 'Nothing is recorded of a step of this name.',
    remedy: 'Use a name as `millrace history RUN` shows it.',
  },
  API_KEY_NOT_FOUND: {
    status: 404,
    summary: 'The namespace has no API key of this id.',
    remedy: 'List the keys with `millrace keys list`; the id is the part between the first two underscores.',
  },
  RUN_NOT_FOUND: {
    status: 404,
    summary: 'No run has this id or key.',
    remedy: 'Check the id and the namespace; the run may have been removed by retention.',
  },
  NO_GRAPH: {
    status: 404,
    summary: 'The run has no graph: its workflow is code and no definition.',
    remedy: 'Read its history instead.',
  },

  // --- requests over HTTP
  INVALID_REQUEST: {
    status: 400,
    summary: 'A part of the request has another shape than its route takes; `details.issues` lists each.',
    remedy: 'Correct what is listed; `/openapi.json` has the shapes.',
  },
  INVALID_JSON: {
    status: 400,
    summary: 'The body of the request is no JSON that is taken here.',
    remedy: 'Send well-formed JSON in UTF-8 that is not nested deeper than 200.',
  },
  REQUEST_INCOMPLETE: {
    status: 400,
    summary: 'The connection ended before the whole body of the request had come.',
    remedy: 'Send it again.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    summary: 'The body of the request is of a type or an encoding that is not taken here.',
    remedy: 'Send JSON with `Content-Type: application/json`.',
  },
  NO_SUCH_ROUTE: {
    status: 404,
    summary: 'The API has no such method and path.',
    remedy: 'Look into `/openapi.json`, which lists what there is.',
  },
  UNAUTHENTICATED: {
    status: 401,
    summary: 'The request carries no credential that is valid.',
    remedy:
      'Send `Authorization: Bearer` and an API key that is neither expired nor revoked, or a token of the issuer.',
  },
  FORBIDDEN: {
    status: 403,
    summary: 'The role of the credential does not permit this.',
    remedy: 'Use a credential with a role that does.',
  },
  FOREIGN_ORIGIN: {
    status: 403,
    summary: 'A browser sent the request for a page of another site.',
    remedy: 'Call the API from a page of this server, or from a program.',
  },
  SERVER_UNREACHABLE: {
    status: 503,
    summary: 'The server that a command was to talk to does not answer.',
    remedy: 'Start it with `millrace serve`, correct its address, or name a store with --store instead.',
  },
  NAMESPACE_NOT_SERVED: {
    status: 403,
    summary: "The server does not serve the credential's namespace.",
    remedy: 'Ask a server that does, or add the namespace to its NAMESPACES.',
  },
  TOO_MANY_REQUESTS: {
    status: 429,
    summary: 'Too many requests were made in a short time.',
    remedy: 'Wait as long as `Retry-After` says.',
  },
  QUOTA_EXCEEDED: {
    status: 429,
    summary: 'The namespace has used up what it may; `details.quota` says of what.',
    remedy: 'Wait as long as `Retry-After` says, or raise the quota of the namespace.',
  },
  SERVER_BUSY: {
    status: 503,
    summary: 'The server has as many requests on their way as it takes.',
    remedy: 'Wait as long as `Retry-After` says, or ask another server.',
  },
  ISSUER_UNREACHABLE: {
    status: 503,
    summary: 'The keys of the token issuer could not be read, so that no token can be checked.',
    remedy: 'Try again later; whoever runs the server checks JWKS_URL.',
  },
  TOO_MANY_LISTENERS: {
    status: 429,
    summary: 'As many follow changes in this process as may.',
    remedy: 'Try again later, or follow them through another process.',
  },
  SLOW_LISTENER: {
    status: 429,
    summary: 'Whoever follows changes took them more slowly than they came, and was dropped.',
    remedy: 'Follow them again after the last change that was received, and narrow what is followed.',
  },

  NOT_READY: {
    status: 503,
    summary: 'The server has not joined its cluster yet.',
    remedy: 'Wait until `/ready` answers 200, then repeat the request.',
  },

  // --- what keeps a server from serving
  UNPROTECTED_ADDRESS: {
    status: 400,
    summary: 'The server would listen beyond this machine, and nothing says who may call it.',
    remedy:
      'Make an API key or set API_KEYS or JWT_ISSUER, or let HOST be a loopback address such as 127.0.0.1.',
  },
  LISTEN_FAILED: {
    status: 500,
    summary: 'The address or port that the server was to listen at cannot be had.',
    remedy: 'Choose another HOST or PORT, or end what has it.',
  },
  NOT_ALONE: {
    status: 409,
    summary: 'DISTRIBUTED_MODE is false, and another process serves the same namespace of the store.',
    remedy: 'Stop the other process, or let DISTRIBUTED_MODE be true.',
  },

  // --- what does not fit the state of a run
  KEY_IN_USE: {
    status: 409,
    summary:
      'The key belongs to another run: with another workflow or input, or refused by the reuse policy.',
    remedy: 'Use another key, or repeat the start with the same workflow and input.',
  },
  RUN_CLOSED: {
    status: 409,
    summary: 'The run has ended and takes nothing any more.',
    remedy: 'Start a new run, or retry this one if it failed.',
  },
  RUN_COMPENSATED: {
    status: 409,
    summary: 'The run undid what it had done; going on from its failure would build on what is gone.',
    remedy: 'Start a new run.',
  },
  RUN_NOT_CLOSED: {
    status: 409,
    summary: 'The act needs a run that has ended; this one is still open.',
    remedy: 'Wait for the run to end, or cancel it first.',
  },
  UPDATE_REJECTED: {
    status: 422,
    summary: 'The run refused the update; nothing was changed.',
    remedy: 'Read the reason in the message, correct the update and send it again.',
  },
  QUEUE_FULL: {
    status: 429,
    summary: 'The queue holds as many runs as it may.',
    remedy: 'Try again later, or raise the maximum depth of the queue.',
  },

  POOL_FULL: {
    status: 429,
    summary: 'As many jobs of isolated executors wait for a worker process as may.',
    remedy: "Let the step's retries try again later, or raise maxQueued or the maximum of the pool.",
  },

  // --- values and sizes
  PAYLOAD_TOO_LARGE: {
    status: 413,
    summary: 'An input, output or message exceeds the payload limit.',
    remedy: 'Store the data elsewhere and pass a reference, or raise the limit of the workflow.',
  },
  NOT_SERIALIZABLE: {
    status: 422,
    summary: 'A value cannot be stored or read back; the message names the path to it.',
    remedy: 'Return plain data: JSON values, Date, Map, Set, BigInt, bytes or Error.',
  },
  HISTORY_LIMIT: {
    status: 422,
    summary: 'The history of the run has reached its limit.',
    remedy:
      'Use continueAsNew before the limit, split the work over children, or raise the limit of the workflow.',
  },

  // --- what workflow code did
  NON_DETERMINISTIC: {
    status: 409,
    summary: 'On replay the workflow asked for something else than its history records; the run is blocked.',
    remedy:
      'Restore the code that the run started with, or give the changed workflow a new version or a patch.',
  },
  FOREIGN_AWAIT: {
    status: 409,
    summary: 'The workflow waited for a promise that did not come from its context.',
    remedy: 'Move the asynchronous work into a step.',
  },
  CONTINUE_WITH_PENDING_WORK: {
    status: 409,
    summary: 'The workflow called continueAsNew while steps, timers or children were still pending.',
    remedy: 'Await or cancel the pending work before continuing as new.',
  },
  ASYNC_TRANSACTION: {
    status: 400,
    summary: 'A transaction function returned a promise on a store whose transactions are synchronous.',
    remedy: 'Pass a function without async; do asynchronous work in a step before it.',
  },

  // --- how work ended
  TIMEOUT: {
    status: 504,
    summary: 'Something did not happen within its time.',
    remedy: 'Raise the timeout, or catch the error and decide what should happen instead.',
  },
  LOCK_TIMEOUT: {
    status: 504,
    summary: 'A lock was not granted within the time that its asker wanted to wait.',
    remedy: 'Wait longer, or look with `millrace locks` who holds it.',
  },
  CANCELLED: {
    status: 409,
    summary: 'The work was cancelled.',
    remedy: 'Let the error pass, or catch it to clean up.',
  },
  STEP_FAILED: {
    status: 422,
    summary: 'A step failed for good; `cause` is its last error.',
    remedy: 'Correct the cause and retry the run, or catch the error in the workflow.',
  },
  CHILD_FAILED: {
    status: 422,
    summary: 'A child run did not complete; `cause` is its error.',
    remedy: 'Correct the cause and retry the child, or catch the error in the workflow.',
  },
  RUN_FAILED: {
    status: 422,
    summary: 'The run failed; `cause` is its error.',
    remedy: 'Correct the cause and retry the run.',
  },
  RUN_TIMED_OUT: {
    status: 504,
    summary: 'The run did not end before its deadline.',
    remedy: 'Raise the timeout of the workflow and retry the run.',
  },
  RUN_BLOCKED: {
    status: 409,
    summary: 'The run is blocked and needs a person.',
    remedy: 'Ask why it is blocked, remove the reason, then retry the run.',
  },
  QUARANTINED: {
    status: 409,
    summary: 'The run was executing each time its engine process died, too often in a row; it is blocked.',
    remedy: 'Find what kills the process (memory, native code, process.exit), then retry the run.',
  },
  COMMIT_REFUSED: {
    status: 500,
    summary: 'The store refused to write what the run decided; the run is blocked.',
    remedy: 'Read the reason of the store in the message, remove it, then retry the run.',
  },

  PAYLOAD_UNREADABLE: {
    status: 409,
    summary:
      'A stored payload cannot be opened: its key is not here, or it was altered. A run that needs it is blocked.',
    remedy:
      'Give the engines the key that sealed it, or restore the payload from a backup, then retry the run.',
  },
  WORKER_CRASHED: {
    status: 500,
    summary: 'The worker process that executed an isolated step ended before the step did.',
    remedy:
      'Read in the message how it ended; give the executor more memory, or correct what ends its process.',
  },

  // --- the store and the engine
  STORE_UNREACHABLE: {
    status: 503,
    summary: 'The store did not answer.',
    remedy: 'Check that the database is running and that the address is correct; the engine keeps trying.',
  },
  STORE_CONGESTED: {
    status: 503,
    summary: 'The store is overloaded and took no more work.',
    remedy: 'Try again later; the engine backs off by itself.',
  },
  STORE_SCHEMA_NEWER: {
    status: 503,
    summary: 'The database was migrated by a newer version of Millrace than this one.',
    remedy: 'Update this engine to at least the version that migrated the database.',
  },
  STORE_NOT_WRITABLE: {
    status: 503,
    summary: 'The store can be read but not written.',
    remedy: 'Check permissions and free space, and that the address names the primary.',
  },
  ENGINE_CLOSED: {
    status: 503,
    summary: 'This engine is closed or draining and takes no new work.',
    remedy: 'Send the request to another engine, or open a new one.',
  },
  LOCK_LOST: {
    status: 409,
    summary:
      'The lock expired, was released by force, or its process was declared dead; another may hold it by now.',
    remedy:
      'Stop what it protects; let the resource refuse tokens that are smaller than the largest it has seen.',
  },
  LOCK_NOT_HELD: {
    status: 409,
    summary: 'Nobody holds the lock that was to be released.',
    remedy: 'List the locks with `millrace locks`.',
  },
  LEASE_LOST: {
    status: 409,
    summary: 'Another engine owns the run by now; what this one did afterwards was refused.',
    remedy: 'Stop the side effects at once; the new owner carries on.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

/** A code of the catalogue. */
export type ErrorCode = keyof typeof ERRORS;

/** Whether a text is a code of the catalogue. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code);
}
