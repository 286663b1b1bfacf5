/** When a command is due. */
interface Timer {
  readonly ordinal: number;
  readonly at: number;
}

/**
 * Due times of commands, the earliest at hand: a heap, for a run may sleep in thousands of places and has a turn for each
 * of its steps. What was settled meanwhile is dropped when it is met; `isOpen` says it.
 */
export class Timers {
  private readonly heap: Timer[] = [];
  private readonly isOpen: (ordinal: number) => boolean;

  constructor(isOpen: (ordinal: number) => boolean) {
    this.isOpen = isOpen;
  }

  add(ordinal: number, at: number): void {
    const { heap } = this;
    let place = heap.length;
    for (let parent = (place - 1) >> 1; place > 0 && this.atOf(parent) > at; parent = (place - 1) >> 1) {
      heap[place] = heap[parent] as Timer;
      place = parent;
    }
    heap[place] = { ordinal, at };
  }

  /** The earliest due time; undefined: nothing has one. */
  earliest(): number | undefined {
    for (let first = this.heap[0]; first !== undefined; first = this.heap[0]) {
      if (this.isOpen(first.ordinal)) return first.at;
      this.dropFirst();
    }
    return undefined;
  }

  /** Ordinals of those that are due at `time`, earliest first, then in the order of the commands. */
  dueAt(time: number): number[] {
    const due: Timer[] = [];
    const places = [0];
    for (const place of places) {
      const timer = this.heap[place];
      if (timer === undefined || timer.at > time) continue;
      if (this.isOpen(timer.ordinal)) due.push(timer);
      places.push(place * 2 + 1, place * 2 + 2);
    }
    return due.toSorted((a, b) => a.at - b.at || a.ordinal - b.ordinal).map(({ ordinal }) => ordinal);
  }

  private dropFirst(): void {
    const { heap } = this;
    const last = heap.pop() as Timer; // whoever drops has seen one
    if (heap.length === 0) return;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (this.atOf(child + 1) < this.atOf(child)) child++;
      if (this.atOf(child) >= last.at) break;
      heap[place] = heap[child] as Timer;
      place = child;
    }
    heap[place] = last;
  }

  private atOf(place: number): number {
    return this.heap[place]?.at ?? Number.POSITIVE_INFINITY;
  }
}
