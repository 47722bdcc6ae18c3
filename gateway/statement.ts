// One statement on its way: its text, its values, and what the client wants to see of the answer.
import type { OutputRequest, StatementRun } from "../src/executor/execution.ts";
import type { RowTaker } from "../src/executor/scatter.ts";
import type { BindMessage } from "../src/pgwire/frontend-message.ts";
import type { Normalized } from "../src/sql/normalize.ts";
import type { SharedStatement } from "./shared-statements.ts";

export interface Statement {
  readonly run: StatementRun;
  readonly normalized: Normalized | undefined;
  readonly output: OutputRequest;
  /** Extended query protocol: the prepared statement and the client's Bind. */
  readonly bound: { readonly shared: SharedStatement; readonly bind: BindMessage } | undefined;
  /** Not the only statement of its message: what cannot run in a transaction block is refused. */
  readonly isInSeries: boolean;
  /** Nothing comes behind it: the transaction that it begins, if it needs one, is committed with it. */
  readonly isLast?: boolean;
  /** Where rows go; undefined: to the client as they come. */
  readonly taker?: RowTaker;
}
