import type { Store } from '../../../store/port/store.ts';

/** Whoever counts begins with one too few. */
export function overbook(store: Store): Store {
  return {
    ...store,
    setLimit: ({ maxConcurrent, ...change }) =>
      store.setLimit({
        ...change,
        maxConcurrent: typeof maxConcurrent === 'number' ? maxConcurrent + 1 : maxConcurrent,
      }),
  };
}
