import { decodeMessage, dedupOf, encodeMessage } from '../../core/run/message.ts';
import type { Store } from '../../store/port/store.ts';

/** A signal that wakes nobody is put into the inbox a second time, under another id. */
export function deliverTwice(store: Store): Store {
  return {
    ...store,
    deliver: async (messages, adopter) => {
      const results = await store.deliver(messages, adopter);
      for (const [at, result] of results.entries()) {
        const sent = messages[at];
        if (sent === undefined || result.outcome !== 'delivered') continue;
        const message = decodeMessage(sent.body);
        if (message.kind !== 'signal') continue;
        const copy = { ...message, id: `${message.id} again` };
        // oxlint-disable-next-line no-await-in-loop -- one delivery after the other
        await store.deliver([{ target: sent.target, dedup: dedupOf(copy), body: encodeMessage(copy) }]);
      }
      return results;
    },
  };
}
