import { isMillraceError, Millrace } from '../../src/index.ts';

/*
 * An engine that takes the lock "resource" and writes to the resource for as long as that takes its writes, whatever
 * the lock's signal says: what a process does that does not notice that it was stopped.
 */
const [store = '', name = '', resource = ''] = process.argv.slice(2);
const millrace = await Millrace.open({ store, name, beat: 100, lease: 2_000, suspect: 300 });

function say(word: string, token?: number): void {
  process.stdout.write(`${JSON.stringify({ word, token })}\n`);
}

say('ready');
const held = millrace.lock(
  'resource',
  async (lock) => {
    say('granted', lock.token);
    lock.signal.addEventListener('abort', () => say('aborted', lock.token));
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- one write after the other
      const { status } = await fetch(`${resource}?token=${lock.token}&name=${name}`, { method: 'POST' });
      if (status === 409) break;
    }
    say('refused', lock.token);
    if (!lock.signal.aborted) await new Promise((resolve) => lock.signal.addEventListener('abort', resolve));
  },
  { timeout: 3_000 },
);
await held.catch((error: unknown) => say(isMillraceError(error, 'LOCK_LOST') ? 'lost' : String(error)));
await millrace.close();
