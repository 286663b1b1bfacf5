import type { Terminal } from '../../../terminal.ts';

/** Lines at the end of standard error that are drawn again and again, below all that is told. */
export interface Live {
  /** The terminal for everybody else: what it tells stands above the lines. */
  readonly terminal: Terminal;
  /** Undefined: nobody looks. */
  readonly size: { readonly rows: number; readonly columns: number } | undefined;
  draw(lines: readonly string[]): void;
  /** What was drawn last stays. */
  end(): void;
}

const CLEAR_BELOW = '\u001b[J';
/** A line that is too long is cut by the terminal: it must not become two. */
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';

export function createLive(terminal: Terminal): Live {
  const { screen } = terminal;
  let drawn: readonly string[] = [];

  const erased = (): string => (drawn.length === 0 ? '' : `\u001b[${drawn.length}A\r${CLEAR_BELOW}`);
  return {
    terminal: {
      ...terminal,
      tell(line) {
        if (screen === undefined || drawn.length === 0) return terminal.tell(line);
        screen.write(erased());
        terminal.tell(line);
        screen.write(text(drawn));
      },
    },
    get size() {
      return screen?.size();
    },
    draw(lines) {
      screen?.write(erased() + text(lines));
      drawn = lines;
    },
    end() {
      drawn = [];
    },
  };
}

function text(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${NO_WRAP}${lines.map((line) => `${line}\n`).join('')}${WRAP}`;
}
