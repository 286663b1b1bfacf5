import { MillraceError, checkOptions, show } from '../errors.ts';

/** An executor that runs in a worker process of the pool. Stands among `executors` beside plain functions. */
export interface IsolatedExecutor {
  readonly kind: 'isolated';
  /** URL of the module that has the function. */
  readonly module: string;
  readonly exportName: string;
  /** Memory of its own, MiB; undefined: what the pool gives. */
  readonly memoryMb: number | undefined;
}

export interface IsolatedOptions {
  /** Name of the exported function `(input, step) => output`. */
  export: string;
  /** Memory that one call may take, MiB, 32 to 65,536. Default: `memoryMb` of the pool. */
  memoryMb?: number | undefined;
}

const LEAST_MEMORY_MB = 32;
const MOST_MEMORY_MB = 65_536;

/**
 * Declares an executor whose work must not run on the engine's own loop: what computes for seconds, may take
 * all memory, or may bring its process down. The function gets input and step as any executor does.
 * @param module - where the function is: `new URL('./resize.js', import.meta.url)`.
 * @example executors: { 'image.resize': isolated(new URL('./resize.js', import.meta.url), { export: 'resize' }) }
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION.
 */
export function isolated(module: URL | string, options: IsolatedOptions): IsolatedExecutor {
  checkOptions('isolated', options, ['export', 'memoryMb']);
  const href = String(module);
  if (!/^(?:file|data|node):/.test(href)) {
    throw new MillraceError('INVALID_ARGUMENT', `isolated: module is ${show(href)}`, {
      remedy: "Pass new URL('./module.js', import.meta.url).",
    });
  }
  // A caller without types may leave it out.
  const exportName: unknown = (options as IsolatedOptions | undefined)?.export;
  if (typeof exportName !== 'string' || exportName === '') {
    throw new MillraceError('INVALID_ARGUMENT', `isolated ${show(href)}: export is ${show(exportName)}`, {
      remedy: "Name the exported function: { export: 'resize' }.",
    });
  }
  const { memoryMb } = options;
  if (memoryMb !== undefined) checkMemory(memoryMb, `isolated ${show(href)}`);
  return Object.freeze({ kind: 'isolated', module: href, exportName, memoryMb });
}

/** Recognised by shape: there may be two copies of the package. */
export function isIsolated(value: unknown): value is IsolatedExecutor {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, module, exportName } = value as Readonly<Record<string, unknown>>;
  return kind === 'isolated' && typeof module === 'string' && typeof exportName === 'string';
}

/** @throws INVALID_ARGUMENT. */
export function checkMemory(value: unknown, where: string): void {
  if (Number.isInteger(value) && Number(value) >= LEAST_MEMORY_MB && Number(value) <= MOST_MEMORY_MB) return;
  throw new MillraceError('INVALID_ARGUMENT', `${where}: memoryMb is ${show(value)}`, {
    remedy: `Pass a whole number of MiB from ${LEAST_MEMORY_MB} to ${MOST_MEMORY_MB}.`,
  });
}
