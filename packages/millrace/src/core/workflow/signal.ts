declare const SIGNAL_TYPE: unique symbol;

/** A signal's name that carries the type of its payload, for both ends. */
export interface Signal<T> {
  readonly signal: string;
  readonly [SIGNAL_TYPE]?: T;
}

/**
 * Names a signal once, so that the type of its payload flows from sender to waiter.
 * @example const packed = signal<{ boxes: number }>('packed')
 */
export function signal<T>(name: string): Signal<T> {
  return { signal: name };
}
