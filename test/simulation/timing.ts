// How fast simulated agents are: three times as fast as in earnest, so that a history has more in it.
import type { Patience } from "../../tablet-agent/ha/patience.ts";

export const tickMs = 250;
export const leaseMs = 2000;
/** A standby asks its primary again after this, and after a longer silence does not know what was in between. */
export const askAgainMs = 700;
export const silenceMs = 1500;

export const patience: Patience = {
  confirmationMs: 1500,
  freeLeaseMs: 300,
  candidateMs: 2000,
  answersMs: 700,
  restMs: 800,
  frozenMs: 1500,
  restartMs: 700,
  plannedRestartMs: 3000,
  failuresMax: 3,
  freeBytesMin: 1,
  joinMs: 400,
  leaveMs: 1500,
  lagBytesMax: 5,
  settleMs: 100,
  drainMs: 1500,
  initialiseMs: 1500,
};
