import type { ChangeEvent, HistoryChange } from '../../core/changes/change.ts';
import { encodeChanges, greeting, heartbeat } from './encode.ts';
import type { Heart } from './heart.ts';

/** Where the events of one stream come from. */
export interface EventSource {
  /** Undefined: there are no more. */
  next(): Promise<readonly (ChangeEvent | HistoryChange)[] | undefined>;
  /** Where to go on while there is nothing to tell. */
  place(): string | undefined;
  close(): void;
}

export const EVENT_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // Proxies of nginx's make would gather it.
  'x-accel-buffering': 'no',
};

/**
 * Events as they are sent. The next ones are asked for when the connection takes them, so that what is not sent waits in
 * the source alone, which bounds it. The stream ends with the source, also when that fails: the client comes back with the
 * last id that it has, and is told of a failure then.
 */
export function eventStream(source: EventSource, heart: Heart): ReadableStream<Uint8Array> {
  let leave = (): void => source.close();
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        controller.enqueue(greeting(source.place()));
        const stopBeating = heart.add(() => {
          // Below 0 the one before has not been taken.
          if (controller.desiredSize === 0) controller.enqueue(heartbeat(source.place()));
        });
        leave = () => {
          stopBeating();
          source.close();
        };
      },
      async pull(controller) {
        const changes = await nextOf(source);
        if (changes !== undefined) return controller.enqueue(encodeChanges(changes));
        leave();
        controller.close();
      },
      cancel: () => leave(),
    },
    { highWaterMark: 0 },
  );
}

async function nextOf(source: EventSource): Promise<readonly (ChangeEvent | HistoryChange)[] | undefined> {
  try {
    return await source.next();
  } catch {
    return undefined;
  }
}
