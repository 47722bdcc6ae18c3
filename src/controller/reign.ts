// The time in which a controller is the only one at work.

export interface Reign {
  /** Aborted when it has to end. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}
