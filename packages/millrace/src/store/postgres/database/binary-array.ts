import { StoreError } from '../../port/errors.ts';

/*
 * Arrays in PostgreSQL's binary format, each built in one buffer: the driver sends a Buffer as a binary
 * parameter, and 500 rows cost one parameter a column. Text arrays would be quoted, escaped and parsed again.
 * header: dimensions, has-null, element type, length, lower bound; then for each element its length (-1:
 * NULL) and its bytes. All integers are big-endian.
 */
const HEADER_BYTES = 20;
const UUID_BYTES = 16;
/** Element types by their fixed ids in pg_type. */
const BYTEA = 17;
const INT8 = 20;
const INT4 = 23;
const TEXT = 25;
const UUID = 2950;
const HIGH_WORD = 0x1_0000_0000;

type Column<T> = readonly (T | null | undefined)[];

export function int4Array(values: Column<number>): Buffer {
  return fixedArray(INT4, 4, values, (buffer, value, at) => buffer.writeInt32BE(value, at));
}

/** Whole numbers up to 2^53 either way. */
export function int8Array(values: Column<number>): Buffer {
  return fixedArray(INT8, 8, values, (buffer, value, at) => {
    const high = Math.floor(value / HIGH_WORD);
    buffer.writeInt32BE(high, at);
    buffer.writeUInt32BE(value - high * HIGH_WORD, at + 4);
  });
}

export function boolArray(values: Column<boolean>): Buffer {
  return fixedArray(16, 1, values, (buffer, value, at) => buffer.writeUInt8(value ? 1 : 0, at));
}

/** Throws a definite error for text that is no UUID. */
export function uuidArray(values: Column<string>): Buffer {
  return fixedArray(UUID, UUID_BYTES, values, writeUuid);
}

export function textArray(values: Column<string>): Buffer {
  const lengths = values.map((value) =>
    value === null || value === undefined ? -1 : Buffer.byteLength(value),
  );
  return variableArray(TEXT, lengths, (buffer, index, at) => buffer.write(values[index] ?? '', at, 'utf8'));
}

export function byteaArray(values: Column<Uint8Array>): Buffer {
  const lengths = values.map((value) => value?.length ?? -1);
  return variableArray(BYTEA, lengths, (buffer, index, at) => {
    const value = values[index];
    if (value) buffer.set(value, at);
  });
}

function fixedArray<T>(
  type: number,
  size: number,
  values: Column<T>,
  write: (buffer: Buffer, value: T, at: number) => void,
): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + values.length * (4 + size));
  let hasNull = false;
  let at = HEADER_BYTES;
  for (const value of values) {
    if (value === null || value === undefined) {
      hasNull = true;
      buffer.writeInt32BE(-1, at);
      at += 4;
    } else {
      buffer.writeInt32BE(size, at);
      write(buffer, value, at + 4);
      at += 4 + size;
    }
  }
  return finish(buffer, at, { type, length: values.length, hasNull });
}

function variableArray(
  type: number,
  lengths: readonly number[],
  write: (buffer: Buffer, index: number, at: number) => void,
): Buffer {
  let total = HEADER_BYTES;
  for (const length of lengths) total += 4 + Math.max(length, 0);
  const buffer = Buffer.allocUnsafe(total);
  let at = HEADER_BYTES;
  for (const [index, length] of lengths.entries()) {
    buffer.writeInt32BE(length, at);
    at += 4;
    if (length > 0) write(buffer, index, at);
    at += Math.max(length, 0);
  }
  return finish(buffer, at, { type, length: lengths.length, hasNull: lengths.includes(-1) });
}

function finish(
  buffer: Buffer,
  end: number,
  header: { type: number; length: number; hasNull: boolean },
): Buffer {
  const empty = header.length === 0;
  buffer.writeInt32BE(empty ? 0 : 1, 0);
  buffer.writeInt32BE(header.hasNull ? 1 : 0, 4);
  buffer.writeInt32BE(header.type, 8);
  buffer.writeInt32BE(header.length, 12);
  buffer.writeInt32BE(1, 16);
  return buffer.subarray(0, empty ? 12 : end);
}

/** Hex digit by character code; 16 marks every other character. */
const HEX = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return digit < 0 ? 16 : digit;
});
const DASH = 45;
const UUID_LENGTH = 36;

function writeUuid(buffer: Buffer, value: string, at: number): void {
  let place = 0;
  let to = at;
  let strange = value.length === UUID_LENGTH ? 0 : 16;
  for (let byte = 0; byte < UUID_BYTES; byte++) {
    if (byte === 4 || byte === 6 || byte === 8 || byte === 10) {
      if (value.charCodeAt(place) !== DASH) strange = 16;
      place++;
    }
    const high = HEX[value.charCodeAt(place)] ?? 16;
    const low = HEX[value.charCodeAt(place + 1)] ?? 16;
    strange |= high | low;
    buffer[to++] = (high << 4) | low;
    place += 2;
  }
  if (strange & 16) throw new StoreError('definite', `not a UUID: ${JSON.stringify(value)}`);
}
