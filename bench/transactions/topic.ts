// A topic of the bench: the cluster that it needs, and what it measures there.
import type { Bank } from "./bank-cluster.ts";
import type { TransactionOptions } from "./options.ts";

export interface Topic {
  readonly shards: number;
  readonly accounts: number;
  /** Prints its tables; gives all measurements. */
  measure(bank: Bank, options: TransactionOptions): Promise<unknown>;
}
