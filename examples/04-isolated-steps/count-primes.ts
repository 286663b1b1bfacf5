/** Computes for seconds without a pause: in the engine's own process nothing else would move meanwhile. */
export function countPrimes({ from, to }: { from: number; to: number }): number {
  let count = 0;
  for (let candidate = Math.max(2, from); candidate < to; candidate++) {
    let isPrime = true;
    for (let divisor = 2; isPrime && divisor * divisor <= candidate; divisor++) {
      isPrime = candidate % divisor !== 0;
    }
    if (isPrime) count += 1;
  }
  return count;
}
