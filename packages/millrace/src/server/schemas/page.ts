import { z } from 'zod';
import { LAST_POSITION } from '../../api/run/whole.ts';

/** A part of a list. */
export function page<T extends z.ZodType>(item: T) {
  return z.looseObject({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'The `cursor` of the next page; null: there is none' }),
  });
}

/** How many items a page may have. */
export function limitOf(most: number) {
  return wholeOf(1, most).meta({ description: `Items of a page, at most ${most}` });
}

/** A place in what is counted from its beginning. */
export function positionOf() {
  return wholeOf(0, LAST_POSITION);
}

/** Digits, and nothing else that JavaScript takes for a number. */
function wholeOf(least: number, most: number) {
  return z
    .string()
    .regex(/^\d{1,10}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most))
    .optional()
    .meta({ type: 'integer', minimum: least, maximum: most });
}

/** A value, or several of them: `?status=failed&status=cancelled`. */
export function several<T extends z.ZodType>(value: T) {
  return z
    .union([value, z.array(value).min(1).max(20)])
    .transform((given) => [given].flat() as z.output<T>[]);
}

/** Which part of a list. */
export const pageQuery = {
  cursor: z.string().max(256).optional(),
  limit: limitOf(1_000),
};
