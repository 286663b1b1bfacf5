import { describe, expect, it } from 'vitest';
import type { ClusterDescription, EngineDescription } from 'millrace';
import { createView, picture, type Standing } from './view.ts';

function engine(engineId: string, more: Partial<EngineDescription> = {}): EngineDescription {
  const load = { activeWorkflows: 7, activeTasks: 3, cpuUsage: 41.6, memoryUsage: 0, loopLagMs: 0 };
  return {
    ...{ engineId, incarnation: engineId, status: 'alive', region: null, labels: [], weight: 1 },
    ...{ namespace: 'default', queues: null, executors: [], versions: [], pool: null },
    ...{ capacity: { workflows: 1, tasks: 1 }, unhealthy: null },
    load: { ...load, latencyMs: 0, failureRate: 0, storeFailing: false, shadow: undefined },
    ...{ startedAt: '2026-01-01T00:00:00.000Z', lastBeatAt: '2026-01-01T00:00:01.000Z' },
    ...more,
  };
}
const dead = engine('east', { status: 'dead', lastBeatAt: '2026-01-01T00:00:05.000Z' });
const cluster = (engines: EngineDescription[]): ClusterDescription => ({
  ...{ leader: 'north', leaderIncarnation: 'north', term: 1, missing: [], engines },
  ...{ strategy: 'load-balanced', shadow: null },
});
const standing: Standing = { total: 100, started: 60, delivered: 25, byEngine: new Map([['north', 20]]) };

function screen(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, write: (text: string) => written.push(text), written };
}

describe('the picture', () => {
  it('has a line for each engine, whichever of its incarnations lives', () => {
    const lines = picture(cluster([engine('north'), dead, engine('east'), engine('south')]), standing);
    expect(lines.slice(1)).toEqual([
      'ENGINE    STATUS      RUNS  STEPS    CPU  DELIVERED',
      ' east     alive          7      3   42 %          0',
      '*north    alive          7      3   42 %         20',
      ' south    alive          7      3   42 %          0',
      '',
      `${'█'.repeat(10)}${'░'.repeat(30)} 25 of 100 delivered, 35 on their way`,
    ]);
  });

  it('shows one that is gone without the work that it last had', () => {
    expect(picture(cluster([dead]), standing)).toContain(
      ' east     dead           0      0    0 %          0',
    );
  });
});

describe('the view', () => {
  it('draws over itself on a terminal, and leaves what was told', () => {
    const { written, ...terminal } = screen(true);
    const view = createView(terminal);
    view.show(cluster([]), standing);
    view.tell('kill -9 north');
    view.show(cluster([]), standing);
    view.show(cluster([]), standing);
    expect(written[1], 'the picture goes').toBe('\x1b[4A\x1b[J');
    expect(written.slice(2, 3)).toEqual(['kill -9 north\n']);
    expect(written.filter((text) => text.startsWith('\x1b'))).toHaveLength(2);
  });

  it('writes a line every ten per cent elsewhere', () => {
    const { written, ...pipe } = screen(false);
    const view = createView(pipe);
    for (const delivered of [5, 25, 26, 100])
      view.show(cluster([engine('north'), dead]), { ...standing, delivered });
    expect(written).toEqual([
      ' 20 %  25 delivered; in hand: north 7\n',
      '100 %  100 delivered; in hand: north 7\n',
    ]);
  });
});
