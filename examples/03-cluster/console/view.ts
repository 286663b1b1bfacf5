import type { ClusterDescription, EngineDescription } from 'millrace';

/** Where the show is: stderr, so that stdout holds the result alone. */
export interface Screen {
  isTTY?: boolean;
  write(text: string): unknown;
}

/** Parcels by now. */
export interface Standing {
  readonly total: number;
  readonly started: number;
  readonly delivered: number;
  /** Parcels that ended in each engine. */
  readonly byEngine: ReadonlyMap<string, number>;
}

export interface View {
  show(cluster: ClusterDescription, standing: Standing): void;
  /** Something happened that stays on the screen. */
  tell(sentence: string): void;
  /** Leaves the last state standing. */
  end(): void;
}

const BAR = 40;

/** A picture that redraws itself on a terminal; elsewhere what happens, and a line every ten per cent. */
export function createView(screen: Screen = process.stderr): View {
  let drawn = 0;
  let tenths = 0;
  const wipe = (): void => {
    if (drawn > 0) screen.write(`\x1b[${drawn}A\x1b[J`);
    drawn = 0;
  };
  return {
    show(cluster, standing) {
      if (screen.isTTY === true) {
        const lines = picture(cluster, standing);
        wipe();
        screen.write(`${lines.join('\n')}\n`);
        drawn = lines.length;
        return;
      }
      const reached = Math.floor((standing.delivered * 10) / standing.total);
      if (reached === tenths) return;
      tenths = reached;
      const held = cluster.engines
        .filter(isThere)
        .map(({ engineId, load }) => `${engineId} ${load.activeWorkflows}`);
      screen.write(
        `${String(reached * 10).padStart(3)} %  ${standing.delivered} delivered; in hand: ${held.join(', ')}\n`,
      );
    },
    tell(sentence) {
      wipe();
      screen.write(`${sentence}\n`);
    },
    end() {
      drawn = 0;
    },
  };
}

/** What the terminal shows: one line an engine, and how far it all is. */
export function picture({ engines, leader }: ClusterDescription, standing: Standing): string[] {
  const { total, started, delivered, byEngine } = standing;
  const filled = Math.round((delivered / total) * BAR);
  const names = [...new Set(engines.map(({ engineId }) => engineId))].toSorted();
  const bar = '█'.repeat(filled) + '░'.repeat(BAR - filled);
  return [
    '',
    columns(['ENGINE', 'STATUS', 'RUNS', 'STEPS', 'CPU', 'DELIVERED']),
    ...names.map((name) => engineLine(name, engines, { isLeader: name === leader, byEngine })),
    '',
    `${bar} ${delivered} of ${total} delivered, ${started - delivered} on their way`,
  ];
}

function engineLine(
  name: string,
  engines: readonly EngineDescription[],
  { isLeader, byEngine }: { isLeader: boolean; byEngine: Standing['byEngine'] },
): string {
  // Of several incarnations with one name the one that lives is meant, else the last that was seen.
  const ofName = engines.filter(({ engineId }) => engineId === name);
  const engine = ofName.find(isThere) ?? ofName.toSorted((a, b) => (a.lastBeatAt < b.lastBeatAt ? 1 : -1))[0];
  const status = engine?.status ?? 'dead';
  const {
    activeWorkflows = 0,
    activeTasks = 0,
    cpuUsage = 0,
  } = status === 'dead' ? {} : (engine?.load ?? {});
  const cells = [activeWorkflows, activeTasks, `${Math.round(cpuUsage)} %`, byEngine.get(name) ?? 0];
  return columns([`${isLeader ? '*' : ' '}${name}`, status, ...cells.map(String)]);
}

/** Names to the left, figures to the right. */
function columns([name = '', status = '', ...figures]: readonly string[]): string {
  const widths = [6, 7, 7, 11];
  const shown = figures.map((figure, at) => figure.padStart(widths[at] ?? 0));
  return [name.padEnd(10), status.padEnd(10), ...shown].join('');
}

function isThere({ status }: EngineDescription): boolean {
  return status !== 'dead';
}
