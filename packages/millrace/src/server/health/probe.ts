/** What a look at a part of the store has shown. */
export interface Finding {
  readonly ok: boolean;
  /** How long its answer took; null: there was none. */
  readonly latencyMs: number | null;
}

/** How long an answer counts, and how long one is waited for: whoever asks for health asks often, and wants to know now. */
const FRESH_MS = 1_000;
const PATIENCE_MS = 1_500;

/**
 * Looks whether something answers. All who ask at about the same time are told the same, and while a call is not answered
 * no other one is made: anybody may ask, so asking must cost nothing.
 */
export function createProbe(call: () => Promise<unknown>): () => Promise<Finding> {
  let last: { at: number; finding: Finding } | undefined;
  let pending: Promise<Finding> | undefined;

  async function look(): Promise<Finding> {
    const asked = performance.now();
    const ok = await call().then(
      () => true,
      () => false,
    );
    const at = performance.now();
    const finding = { ok, latencyMs: ok ? Math.round((at - asked) * 10) / 10 : null };
    last = { at, finding };
    pending = undefined;
    return finding;
  }

  return async () => {
    if (last !== undefined && performance.now() - last.at < FRESH_MS) return last.finding;
    pending ??= look();
    return inTime(pending);
  };
}

async function inTime(finding: Promise<Finding>): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<Finding>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, latencyMs: null }), PATIENCE_MS);
  });
  try {
    return await Promise.race([finding, silence]);
  } finally {
    clearTimeout(timer);
  }
}
