// What a tablet agent tells the process that started it: one line of JSON on standard output for each event.
import { parseJson } from "../base/json.ts";
import type { Address } from "../topology/snapshot.ts";

export type AgentEvent =
  /** There is no data directory yet; one is being made. */
  | { readonly kind: "initialising" }
  | { readonly kind: "starting" }
  /** PostgreSQL accepts connections and the topology knows where. */
  | { readonly kind: "ready"; readonly address: Address }
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
