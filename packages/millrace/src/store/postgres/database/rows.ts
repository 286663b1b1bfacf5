import { types } from 'pg';

/*
 * How columns arrive. Given with each query, because a pool may be the user's own, with parsers of his.
 * Every bigint of this schema is below 2^53.
 */
const INT2 = 21;
const INT4 = 23;
const INT8 = 20;
const OID = 26;
const FLOAT8 = 701;
const BOOL = 16;
const BYTEA = 17;
const TEXT_ARRAY = 1009;
const UUID_ARRAY = 2951;

// The driver's list of types knows no arrays, its parsers do.
const parseTextArray = types.getTypeParser(TEXT_ARRAY as Parameters<typeof types.getTypeParser>[0]) as (
  value: string,
) => string[];

export const PARSERS = {
  getTypeParser: (type: number): ((value: string) => unknown) => {
    switch (type) {
      case INT2:
      case INT4:
      case INT8:
      case OID:
      case FLOAT8:
        return Number;
      case BOOL:
        return (value) => value === 't';
      case BYTEA:
        return parseBytes;
      case TEXT_ARRAY:
      case UUID_ARRAY:
        return parseTextArray;
      default:
        return (value) => value;
    }
  },
};

/** `\x` and hex digits: the format of every server since 9.0, unless somebody sets `bytea_output`. */
function parseBytes(value: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(value.slice(2), 'hex');
  return new Uint8Array(buffer, byteOffset, byteLength);
}
