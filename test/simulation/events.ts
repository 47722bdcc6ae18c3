// The time of a simulation: what happens is a queue of callbacks in order of their time, and of their making at one time.

export interface Events {
  now(): number;
  after(delayMs: number, run: () => void): void;
  /** Runs what is due until `untilMs`, or until `isOver`. */
  run(untilMs: number, isOver: () => boolean): void;
}

interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export function makeEvents(): Events {
  const heap: Due[] = [];
  let [now, made] = [0, 0];
  const isSooner = (a: Due, b: Due) => a.at < b.at || (a.at === b.at && a.order < b.order);
  const swap = (i: number, j: number) => {
    [heap[i], heap[j]] = [heap[j]!, heap[i]!];
  };

  const push = (due: Due) => {
    heap.push(due);
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!isSooner(heap[i]!, heap[parent]!)) return;
      swap(i, parent);
      i = parent;
    }
  };

  const pop = (): Due => {
    swap(0, heap.length - 1);
    const first = heap.pop()!;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && isSooner(heap[child]!, heap[least]!)) least = child;
      if (least === i) return first;
      swap(i, least);
      i = least;
    }
  };

  return {
    now: () => now,
    after: (delayMs, run) => push({ at: now + delayMs, order: made++, run }),
    run(untilMs, isOver) {
      while (heap.length > 0 && heap[0]!.at <= untilMs && !isOver()) {
        const due = pop();
        now = due.at;
        due.run();
      }
    },
  };
}
