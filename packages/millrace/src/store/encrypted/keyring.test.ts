import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { testKey } from '../../../testbed/sealed/sealed.ts';
import { flawIn } from '../../core/payload/unreadable.ts';
import { Keyring } from './keyring.ts';

const place = (...bound: (string | number)[]) => ({ what: 'it', toKey: false, bound });
const HERE = place('default', 'run', 'history', 0);

describe('a keyring', () => {
  it('gives back whatever was sealed, for its place alone, with any of its keys', () => {
    const bound = fc.array(fc.oneof(fc.string(), fc.integer()), { maxLength: 3 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bound, bound, (data, here, there) => {
        const sealed = new Keyring([testKey('a')]).seal(data, place(...here));
        const later = new Keyring([testKey('b'), testKey('a')]);
        expect(Buffer.compare(later.open(sealed, place(...here)), data)).toBe(0);
        fc.pre(JSON.stringify(here) !== JSON.stringify(there));
        expect(flawIn(later.open(sealed, place(...there)))).toMatchObject({ reason: 'altered', keyId: 'a' });
      }),
    );
  });

  it('opens nothing of which one bit is another, and says so whatever was done', () => {
    const ring = new Keyring([testKey('a')]);
    const data = new TextEncoder().encode('{"at":1}');
    const sealed = ring.seal(data, HERE);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const other = Uint8Array.from(sealed);
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(flawIn(ring.open(other, HERE)), `bit ${bit}`).toBeDefined();
    }
    for (let length = 0; length < sealed.length; length++)
      expect(flawIn(ring.open(sealed.subarray(0, length), HERE)), `${length} bytes`).toBeDefined();
  });

  it('seals the same twice in two ways, and shows nothing of it', () => {
    const ring = new Keyring([testKey('a')]);
    const secret = new TextEncoder().encode('a secret that is long enough');
    const [one, two] = [ring.seal(secret, HERE), ring.seal(secret, HERE)];
    expect(one).not.toEqual(two);
    expect(Buffer.from(one).includes(Buffer.from(secret.subarray(0, 6)))).toBe(false);
  });

  it('of two processes with one key, each seals with a key of its own', () => {
    const saltOf = (ring: Keyring) => Buffer.from(ring.seal(new Uint8Array(), HERE)).toString('hex', 3, 19);
    const [first, second] = [new Keyring([testKey('a')]), new Keyring([testKey('a')])];
    expect(saltOf(first)).toBe(saltOf(first));
    expect(saltOf(first)).not.toBe(saltOf(second));
  });

  it('can still read what this form was written as', () => {
    const kept = 'AQFhpffTmWYAsBI1CygbaYQ0JwAQIlskdfPIl9fLZVgZr6HrL2DHlSJodwx9R4L82+xajg==';
    const opened = new Keyring([testKey('a')]).open(Buffer.from(kept, 'base64'), HERE);
    expect(new TextDecoder().decode(opened)).toBe('kept');
  });
});
