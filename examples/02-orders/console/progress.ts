import type { Outcome } from '../file/totals.ts';

/** Where progress is shown: stderr, so that stdout holds results alone. */
export interface Screen {
  isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  settled(outcome: Outcome): void;
  /** Leaves the last state standing. */
  end(): void;
}

const BAR = 24;
const REDRAW_MS = 50;

/** One line that redraws itself on a terminal; elsewhere a line every ten per cent. */
export function showProgress(total: number, screen: Screen = process.stderr): Progress {
  const counts = new Map<Outcome['kind'], number>();
  let done = 0;
  let drawnAt = 0;
  let tenths = 0;

  function line(): string {
    const parts = [...counts].map(([kind, count]) => `${count} ${kind}`);
    return [`${done}/${total} invoices`, ...parts].join(' · ');
  }

  function redraw(now: number): void {
    if (now - drawnAt < REDRAW_MS && done < total) return;
    drawnAt = now;
    const filled = Math.round((done / total) * BAR);
    screen.write(`\r\x1b[K${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${line()}`);
  }

  function nextTenth(): void {
    const reached = Math.floor((done * 10) / total);
    if (reached === tenths) return;
    tenths = reached;
    screen.write(`${String(reached * 10).padStart(3)} %  ${line()}\n`);
  }

  return {
    settled({ kind }) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      done++;
      if (screen.isTTY) redraw(Date.now());
      else nextTenth();
    },
    end() {
      if (screen.isTTY) screen.write('\n');
    },
  };
}
