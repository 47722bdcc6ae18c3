// The dependency graph of a history (Adya): which transaction must come before which, and why.
//
//   ww  the other one has written the next version       rw  it has read the version before the other one's
//   wr  the other one has read its version               rt  it was over before the other one began
import type { Evidence } from "./evidence.ts";
import { type Transaction, unwritten, type Value } from "./history.ts";
import { precedence } from "./precedence.ts";

export type EdgeKind = "ww" | "wr" | "rw" | "rt";

export interface Edge {
  readonly kind: EdgeKind;
  /** Indexes of transactions in `nodes`. */
  readonly from: number;
  readonly to: number;
  readonly why: string;
}

export interface Dependencies {
  readonly nodes: readonly Transaction[];
  /** Those that leave each node. */
  readonly edges: readonly (readonly Edge[])[];
}

export function dependencies({ happened, order, writers, statements }: Evidence): Dependencies {
  const nodes = [...happened];
  const indexes = new Map(nodes.map((transaction, index) => [transaction, index]));
  const edges: Edge[][] = nodes.map(() => []);
  const known = new Set<string>();
  const add = (kind: EdgeKind, from: number | undefined, to: number | undefined, why: string) => {
    if (from === undefined || to === undefined || from === to || known.has(`${kind} ${from} ${to}`)) return;
    known.add(`${kind} ${from} ${to}`);
    edges[from]!.push({ kind, from, to, why });
  };
  const writerOf = (value: Value | undefined) => {
    const writer = value === undefined || value === unwritten ? undefined : writers.get(value);
    return writer === undefined ? undefined : indexes.get(writer.transaction);
  };

  for (const [key, { chains }] of order.keys) {
    for (const chain of chains) {
      for (const [i, value] of chain.entries())
        add("ww", writerOf(value), writerOf(chain[i + 1]), `${key}: ${value}, then ${chain[i + 1]}`);
    }
  }
  for (const [index, transaction] of nodes.entries()) {
    for (const { key, version } of statements.get(transaction)!.flatMap(({ reads }) => reads)) {
      add("wr", writerOf(version), index, `${key} is read at ${version}`);
      // Below REPEATABLE READ what was read may be outdated at once: it says nothing of the whole transaction.
      if (transaction.level === "read committed") continue;
      const next = order.next(key, version);
      add("rw", index, writerOf(next), `${key} is read at ${version}, and then came ${next}`);
    }
  }
  for (const [from, to] of precedence(nodes)) add("rt", from, to, "it was over before");
  return { nodes, edges };
}

/** "T1 -ww (5: 17, then 18)-> T2 ...". */
export function textOfCycle({ nodes }: Dependencies, cycle: readonly Edge[]): string {
  const steps = cycle.map(({ from, kind, why }) => `T${nodes[from]!.id} -${kind} (${why})-> `);
  return `${steps.join("")}T${nodes[cycle[0]!.from]!.id}`;
}
