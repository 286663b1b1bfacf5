/** What happened, in order: a fingerprint of all of it, and the last lines. */
export interface Trace {
  add(storeTime: number, line: string): void;
  /** Counts for the fingerprint and is not worth a line: a look that found nothing. */
  addIdle(storeTime: number, line: string): void;
  /** Of every line so far. Equal runs have equal fingerprints. */
  fingerprint(): string;
  lines(): readonly string[];
}

export function createTrace(epochMs: number, keep: number): Trace {
  const lines: string[] = [];
  let low = 0x811c9dc5;
  let high = 0x9e3779b9;
  let count = 0;
  const mix = (storeTime: number, line: string): string => {
    const text = `${((storeTime - epochMs) / 1000).toFixed(3)} ${line}`;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      low = Math.imul(low ^ code, 0x01000193);
      high = Math.imul(high ^ (code + at), 0x85ebca6b);
    }
    count++;
    return text;
  };
  return {
    addIdle: mix,
    add(storeTime, line) {
      lines.push(mix(storeTime, line));
      if (lines.length > keep * 2) lines.splice(0, keep);
    },
    fingerprint: () => `${(low >>> 0).toString(16)}-${(high >>> 0).toString(16)}-${count}`,
    lines: () => lines.slice(-keep),
  };
}
