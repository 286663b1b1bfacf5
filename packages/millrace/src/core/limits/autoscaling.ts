/** What the number of engines that a queue wants is told from. */
export interface QueuePressure {
  /** Any run of the queue is open, one that only waits included: somebody has to wake it. */
  readonly open: boolean;
  /** Queued runs, and for how long the oldest of them could have begun; null: none is queued. */
  readonly depth: number;
  readonly oldestAgeSeconds: number | null;
  readonly running: number;
  readonly paused: boolean;
  readonly maxConcurrent: number | null;
  readonly ratePerSecond: number | null;
  /** Engines that take from the queue and are not leaving. */
  readonly engines: readonly EngineShare[];
}

export interface EngineShare {
  /** How many runs it holds in turn at once. */
  readonly room: number;
  /** 0 to 100. */
  readonly cpuUsage: number;
}

/** What an engine that is not there yet holds: the default of MAX_CONCURRENT_WORKFLOWS. */
const USUAL_ROOM = 1_000;
/** Where engines are kept: below it one can go, above it one is missing. Percent of their processors. */
const TARGET_CPU = 70;
/** Work that has waited for longer than this, and that nothing but engines holds back, wants one more. */
const PATIENCE_SECONDS = 10;

/**
 * How many engines a queue wants: the greatest of
 *   - as many as have room for what is running and queued; of a paused queue for what is running, and never for more
 *     than its limit lets begin;
 *   - while anything runs, as many as bring those that are there to 70 % of their processors;
 *   - one more than there are, while the oldest queued run has waited for more than 10 s and no limit holds it back;
 *   - one, while any run is open.
 */
export function desiredEngines(pressure: QueuePressure): number {
  const { open, depth, running, paused, maxConcurrent, engines } = pressure;
  const work = Math.min(running + (paused ? 0 : depth), Math.max(running, maxConcurrent ?? Infinity));
  const busy = engines.reduce((sum, { cpuUsage }) => sum + cpuUsage, 0);
  return Math.max(
    Math.ceil(work / roomOf(engines)),
    running === 0 ? 0 : Math.ceil(busy / TARGET_CPU),
    lacksEngines(pressure) ? engines.length + 1 : 0,
    open ? 1 : 0,
  );
}

/** Of the smallest: the next one may be like it. */
function roomOf(engines: readonly EngineShare[]): number {
  return engines.length === 0 ? USUAL_ROOM : Math.max(1, Math.min(...engines.map(({ room }) => room)));
}

function lacksEngines({ oldestAgeSeconds, running, ...limits }: QueuePressure): boolean {
  const { paused, maxConcurrent, ratePerSecond } = limits;
  if (paused || ratePerSecond !== null || running >= (maxConcurrent ?? Infinity)) return false;
  return (oldestAgeSeconds ?? 0) > PATIENCE_SECONDS;
}
