import { z } from 'zod';

/** A page of a list: `cursor` of the next request is this one's `nextCursor`; null where there is no more. */
export function listOf<T extends z.ZodType>(item: T, id: string) {
  return z.looseObject({ items: z.array(item), nextCursor: z.string().nullable() }).meta({ id });
}

export const page = {
  cursor: z.string().max(256).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
};
