// What a tablet agent tells the process that started it: one line of JSON on standard output for each event.
import { parseJson } from "../base/json.ts";

export type AgentEvent =
  /** There is no data directory yet; one is being made. */
  | { readonly kind: "initialising" }
  /** There is no usable data directory; the primary's is copied. */
  | { readonly kind: "cloning" }
  | { readonly kind: "starting" }
  /** PostgreSQL accepts connections, as a primary or a standby, and the topology knows where. */
  | { readonly kind: "ready"; readonly role: "primary" | "standby" }
  /** This tablet has become the primary of its shard, in the place of another one. */
  | { readonly kind: "primary"; readonly term: number; readonly reason: string }
  /** PostgreSQL has ended by itself; it will be started again. */
  | { readonly kind: "crashed"; readonly reason: string }
  /** The agent gives up and ends. */
  | { readonly kind: "failed"; readonly message: string; readonly hint: string | undefined };

export function formatAgentEvent(event: AgentEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** undefined: the line is something else. */
export function parseAgentEvent(line: string): AgentEvent | undefined {
  try {
    const value = parseJson(line, "the line") as { kind?: unknown } | null;
    return typeof value?.kind === "string" ? (value as AgentEvent) : undefined;
  } catch {
    return undefined;
  }
}
