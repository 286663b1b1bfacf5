import type { MillraceOptions } from '../api/options.ts';
import type { EngineOptions } from '../engine/options.ts';
import type { EngineLog, Ports } from '../engine/ports.ts';
import { threadHeart } from '../heart/heart.ts';
import { nodePorts } from './node-ports.ts';

/**
 * The world of an engine, or of a client. Several processes can use a store that has an address, so that it matters
 * whether this one seems alive.
 * @param url - of the store, as long as others can reach it by that.
 */
export function realPorts(
  { log = silent, work }: Pick<MillraceOptions, 'log' | 'work'>,
  { beatMs, leaseMs }: Pick<EngineOptions, 'beatMs' | 'leaseMs'>,
  url: string | undefined,
): Ports {
  const ports = nodePorts(log);
  if (url === undefined || work === false || url.endsWith(':memory:')) return ports;
  return { ...ports, heart: threadHeart({ url, beatMs, leaseMs, log: (entry) => ports.log(entry) }) };
}

export function silent(_entry: EngineLog): void {}
