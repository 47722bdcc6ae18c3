// What the agent's loop does for those who ask over the network. The server has found out by then who asks, that he may,
// that he means this tablet, and that the request makes sense.
import type { Pledge } from "../../src/agent-api/pledge.ts";
import type { SwitchoverOutcome, SwitchoverRequest } from "../../src/agent-api/switchover.ts";
import type { TabletAnswer } from "../../src/agent-api/tablet-answer.ts";
import type { Health, TabletStatus } from "../../src/agent-api/tablet-status.ts";

/**
 * Each may be called at any time, also while another is under way, and goes on when its caller has gone. An AppError that it
 * throws is told to the caller; anything else only to the log.
 */
export interface AgentVerbs {
  /** Whether the agent itself works. Not good: whoever keeps it running should start it again. */
  live(): Health;
  /** Whether the tablet does what it is there for. */
  ready(): Health;
  status(): Promise<TabletStatus>;
  ask(): Promise<TabletAnswer>;
  /** Resolves when the pledge is on disk, or when it cannot be given; the answer tells which one the tablet has. */
  pledge(pledge: Pledge): Promise<TabletAnswer>;
  switchover(request: SwitchoverRequest): Promise<SwitchoverOutcome>;
}
