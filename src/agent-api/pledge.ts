// A pledge as it is asked for and told of: the promise to acknowledge nothing any more for a primary of an older term.
import type { Json } from "../base/json.ts";
import type { MessageFields } from "./message-fields.ts";

export interface Pledge {
  readonly term: number;
  /** Name of the tablet that asked for it; empty while none has been given. */
  readonly candidate: string;
}

export function readPledge(fields: MessageFields): Pledge {
  return { term: fields.integer("term"), candidate: fields.text("candidate") };
}

export function writePledge({ term, candidate }: Pledge): { readonly [key: string]: Json } {
  return { term, candidate };
}
