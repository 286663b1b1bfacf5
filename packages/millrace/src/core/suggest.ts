/**
 * The candidate that a misspelt word most likely meant, or undefined when none is near. Upper and lower case
 * count as the same; a swap of neighbours counts as one edit.
 * @param value - the word seen.
 * @param candidates - the words that exist.
 */
export function didYouMean(value: string, candidates: Iterable<string>): string | undefined {
  const word = value.toLowerCase();
  // A third of the letters may be wrong: 'retrys' finds 'retry', while 'x' finds nothing of another letter.
  let best = Math.floor(Math.max(word.length, 3) / 3) + 1;
  let found: string | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= best) continue;
    const distance = editDistance(word, candidate.toLowerCase());
    if (distance < best && distance < candidate.length) {
      best = distance;
      found = candidate;
    }
  }
  return found;
}

/** Optimal string alignment distance: insert, delete, replace, swap neighbours. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

/** Indices above are always inside the row; the assertion is only for the compiler. */
function at(row: readonly number[], index: number): number {
  return row[index] as number;
}
