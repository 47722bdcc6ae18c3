// Stopping when asked to. Ctrl-C under npm arrives twice, from the terminal and from npm, and means one request.

const sameRequestMs = 500;

/**
 * Calls `stop` at the first SIGINT, SIGTERM or SIGHUP and `hurry` at every later one that is a request of its own.
 * Returns a function that gives the signals their usual meaning back.
 */
export function onStopSignal(
  stop: (signal: NodeJS.Signals) => void,
  hurry: () => void,
  nowMs = () => performance.now(),
): () => void {
  let firstAt: number | undefined;
  const handle = (signal: NodeJS.Signals) => {
    const now = nowMs();
    if (firstAt === undefined) {
      firstAt = now;
      stop(signal);
    } else if (now - firstAt > sameRequestMs) {
      hurry();
    }
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
