import { pathFor, type Caller, type QueryOf, type Taken } from '../call.ts';
import { watchStream, type WatchOptions } from '../events/watch.ts';

/** A change that the server tells of. */
export interface ServerEvent {
  /** Where to go on: the `lastEventId` of another watch. */
  readonly id: string;
  /** What it is about: `run`, `engine`, `queue`, … */
  readonly event: string;
  /** What has happened, and when; the rest is by `event`. */
  readonly data: Readonly<Record<string, unknown>> & { readonly type: string; readonly at: string };
}

export type WatchFilter = QueryOf<'watchEvents'>;

/** The events of one of the two streams. What is not JSON is not one of ours. */
export async function* watchEvents<N extends 'watchEvents' | 'watchRun'>(
  { wire }: Caller,
  name: N,
  taken: Taken<N>,
  options: WatchOptions,
): AsyncGenerator<ServerEvent, void, void> {
  for await (const { id, event, data } of watchStream(wire, pathFor(name, taken), options)) {
    yield { id, event, data: JSON.parse(data) as ServerEvent['data'] }; // the server writes nothing else
  }
}
