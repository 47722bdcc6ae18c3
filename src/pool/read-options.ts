// How a session wants its reads to be sent to standbys.

/** standby: nothing else. prefer-standby: the primary where there is no standby. any: all tablets, the primary too. */
export type ReadFrom = "standby" | "prefer-standby" | "any";

export interface ReadOptions {
  readonly from: ReadFrom;
  /** A standby is not used when it may lack what its primary had this long ago. */
  readonly lagMaxMs: number;
  /** How long a read waits for a standby where nothing else will do. */
  readonly patienceMs: number;
}
