import { describe, expect, it } from 'vitest';
import { decodeMessage } from '../run/message.ts';
import { flawIn, isUnreadable, requireReadable, SEALED, unreadable, type Flaw } from './unreadable.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const flaw = (more: Partial<Flaw>): Flaw => ({
  reason: 'altered',
  keyId: 'k1',
  what: 'the history of run r',
  ...more,
});

describe('a payload', () => {
  it.each(['{}', '{"at":1}\n= 1', '[]'])('that is text is read: %j', (text) => {
    expect(() => requireReadable(bytes(text))).not.toThrow();
    expect(flawIn(bytes(text))).toBeUndefined();
  });

  it('that is not there is no problem', () => {
    expect(flawIn(undefined)).toBeUndefined();
  });

  it.each([
    [
      'whose key is missing',
      unreadable(flaw({ reason: 'no-key' })),
      'the history of run r is sealed with key "k1", which is not here. ' +
        'Give this process key "k1" again: PAYLOAD_KEYS, or the option payloadKeys.',
    ],
    [
      'that was altered',
      unreadable(flaw({})),
      'the history of run r was altered after it was sealed with key "k1", or that key is another one here. ' +
        'Give the engines the key',
    ],
    [
      'that nobody has opened',
      Uint8Array.of(SEALED, 2, ...bytes('k2'), 9, 9, 9),
      'the payload is sealed with key "k2", which is not here.',
    ],
    ['of which only a byte is left', Uint8Array.of(SEALED), 'the payload is sealed with key "", which'],
    ['that is neither', bytes('hello'), 'the payload was altered: it is neither text nor sealed.'],
    ['that is empty', new Uint8Array(), 'the payload was altered: it is neither text nor sealed.'],
  ])('%s says so', (_, data, message) => {
    expect(() => requireReadable(data)).toThrow(message);
    expect(() => decodeMessage(data)).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_UNREADABLE' }) as Error,
    );
  });

  it('that cannot be read tells its flaw, and other errors are none of it', () => {
    expect(flawIn(unreadable(flaw({})))).toEqual(flaw({}));
    expect(isUnreadable(new Error('PAYLOAD_UNREADABLE'))).toBe(false);
  });
});
