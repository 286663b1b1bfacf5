import { expect } from 'vitest';

/** Statements a minute, with a beat a second: what docs/guides/idle-cost.md promises. */
const MOST_A_MINUTE = 75;
/** Until the polls that follow a start have ended. */
const SETTLING_BEATS = 5;
const COUNTED_BEATS = 20;

export const IDLE = { idlePoll: '1s', beat: '1s' } as const;
export const ALLOWED = (MOST_A_MINUTE * COUNTED_BEATS) / 60;

/** Statements as a driver is given them. */
export interface Tap {
  readonly sent: string[];
  untilBeats(count: number): Promise<void>;
}

export function isBeat(text: string): boolean {
  return text.includes('beat_seq + 1');
}

export function tap(): Tap {
  const sent: string[] = [];
  const beats = (): number => sent.filter(isBeat).length;
  return {
    sent,
    async untilBeats(count) {
      await expect.poll(beats, { interval: 50, timeout: 3_000 * count }).toBeGreaterThanOrEqual(count);
    },
  };
}

/** What an engine asks the store between so many beats while nothing is to do. */
export async function countIdle({ sent, untilBeats }: Tap): Promise<string[]> {
  await untilBeats(SETTLING_BEATS);
  sent.length = 0;
  await untilBeats(COUNTED_BEATS);
  return sent;
}
