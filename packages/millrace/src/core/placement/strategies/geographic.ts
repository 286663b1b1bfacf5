import { nearestOf, scoresOf } from '../load.ts';
import type { Strategy } from '../strategy.ts';
import { balance } from './load-balanced.ts';

/**
 * An engine of the work's region; without any, one whose region shares most leading parts with it (`eu-west-2` is
 * nearer to `eu-west-1` than `eu-north-1`), and so on to the whole world; among those by load.
 */
export const geographic: Strategy = (scene) => {
  const { work, candidates } = scene;
  const distanceOf = ({ region }: { readonly region?: string | undefined }): number =>
    regionDistance(work.region, region);
  const { engine, reason } = balance(scene, nearestOf(candidates, distanceOf));
  const place = engine.region === undefined ? 'in no region' : `in ${engine.region}`;
  const near = work.region === undefined ? 'the work names no region' : `${place}, nearest to ${work.region}`;
  return {
    engine,
    reason: `${near}; there ${reason}`,
    scoredBy: 'distance: parts of the region that it does not share',
    scores: scoresOf(candidates, distanceOf),
  };
};

/** How many parts of the wanted region the other does not share, counted from the widest; 0: the same region. */
export function regionDistance(wanted: string | undefined, region: string | undefined): number {
  if (wanted === undefined || wanted === region) return 0;
  const parts = wanted.split('-');
  const others = region?.split('-') ?? [];
  const differing = parts.findIndex((part, at) => part !== others[at]);
  // All parts shared, and more: a zone within it, or a region of the same beginning. Not the same one.
  return differing === -1 ? 0.5 : parts.length - differing;
}
