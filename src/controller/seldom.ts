// Tells the same thing at most once in a while.

/** Returns a function that says whether it is time (again) to tell what has this key. */
export function seldom(everyMs: number, nowMs: () => number = () => performance.now()): (key: string) => boolean {
  const toldAt = new Map<string, number>();
  return (key) => {
    const now = nowMs();
    for (const [other, at] of toldAt) if (now - at >= everyMs) toldAt.delete(other);
    if (toldAt.has(key)) return false;
    toldAt.set(key, now);
    return true;
  };
}
