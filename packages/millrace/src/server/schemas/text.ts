import { z } from 'zod';

/** Text that every store can compare: without NUL and half characters. */
export function text(most: number) {
  return z
    .string()
    .min(1)
    .max(most)
    .refine((given) => !given.includes('\0') && given.isWellFormed(), {
      message: 'Invalid input: it has a NUL character or half of a surrogate pair',
    });
}
