/*
 * What Millrace has set itself, on two cores shared by engine, client and store. `must` is the promise, `aim`
 * the hope; `atMost` where less is better.
 */

const more = (must, aim) => ({ must, aim, better: 'more' });
const less = (must, aim) => ({ must, aim, better: 'less' });

export const TARGETS = {
  'millrace postgres': {
    'W1 runs/s': more(8000, 14_000),
    'W2 steps/s': more(20_000, 33_000),
    'W3 s': less(0.25, 0.12),
    'W3b s': less(0.6, 0.3),
    'W4 p50 ms': less(3, 2),
    'W4 p99 ms': less(12, 6),
    'W5 ms/step': less(1, 0.7),
    'W6 late p50 ms': less(100, 20),
    'W6 late p99 ms': less(400, 100),
    'W7 recovered s': less(8, 3),
  },
  'millrace postgres, 2 processes': {
    'W1 runs/s': more(5000, 10_000),
    'W1 rss idle MB': less(80, 80),
    'W1 rss end MB': less(130, 130),
  },
  'millrace sqlite': {
    'W1 runs/s': more(15_000, 30_000),
    'W2 steps/s': more(40_000, 80_000),
    'W3 s': less(0.2, 0.1),
    'W3b s': less(0.4, 0.2),
    'W4 p50 ms': less(2, 1),
    'W4 p99 ms': less(6, 3),
    'W5 ms/step': less(0.5, 0.3),
    'W6 late p50 ms': less(100, 20),
    'W6 late p99 ms': less(400, 100),
    'W7 recovered s': less(4, 3),
  },
  'millrace sqlite, 2 processes': {
    'W1 rss idle MB': less(80, 80),
    'W1 rss end MB': less(130, 130),
  },
};

/** The metrics of each workload that the report shows, and which way is better. */
export const METRICS = {
  W1: { 'runs/s': 'more', 'starts/s': 'more', 'rss idle MB': 'less', 'rss end MB': 'less' },
  W1k: { 'runs/s': 'more' },
  W2: { 'steps/s': 'more' },
  W3: { s: 'less' },
  W3b: { s: 'less' },
  W4: { 'p50 ms': 'less', 'p95 ms': 'less', 'p99 ms': 'less' },
  W5: { 'ms/step': 'less' },
  W6: { 'late p50 ms': 'less', 'late p99 ms': 'less', 'earliest ms': 'none', 'all done s': 'less' },
  W7: { 'recovered s': 'less', 'at kill': 'none', 'run twice': 'less', 'in flight': 'none' },
};

/** `aim`, `must` or `missed`; undefined where nothing was promised. */
export function judge(subject, metric, value) {
  const target = TARGETS[subject]?.[metric];
  if (target === undefined) return undefined;
  const reaches = (bound) => (target.better === 'more' ? value >= bound : value <= bound);
  if (reaches(target.aim)) return 'aim';
  return reaches(target.must) ? 'must' : 'missed';
}
