/** One clock for the heartbeats of all streams; it runs while there are some. */
export interface Heart {
  /** Calls every time; returns the undo. */
  add(beat: () => void): () => void;
}

export function createHeart(everyMs: number): Heart {
  const beats = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;
  return {
    add(beat) {
      beats.add(beat);
      timer ??= setInterval(() => {
        for (const each of beats) each();
      }, everyMs).unref();
      return () => {
        beats.delete(beat);
        if (beats.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}
