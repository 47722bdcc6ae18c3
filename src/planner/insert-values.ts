// INSERT .. VALUES whose shard keys the gateway can read: one row goes, as the client wrote it, to its shard; of several
// rows each shard gets its own, as pieces of the client's text.
import type { InsertStmt, Node } from "@pgsql/types";
import type { Relation } from "../catalog/snapshot.ts";
import { findInsertValues, sliceValues } from "../sql/statement-slices.ts";
import { nodeOf } from "../sql/walk.ts";
import { functionDemands } from "./functions.ts";
import {
  columnNamed,
  type Distributed,
  isLocalDefault,
  partialColumns,
  storedKey,
  targetColumns,
} from "./insert-target.ts";
import { keySource, parameterSharing } from "./key-source.ts";
import { nullShardKey } from "./null-shard-key.ts";
import type { Plan, ValueSource } from "./plan.ts";
import type { PlanInput } from "./plan-input.ts";
import { isShardLocal, readsOf } from "./reads.ts";
import { refuse } from "./refuse.ts";

/** undefined: some value must be evaluated by PostgreSQL first. */
export function routeRows(
  input: PlanInput,
  statement: InsertStmt,
  relation: Relation,
  distribution: Distributed,
  rows: readonly (readonly Node[])[],
): Plan | undefined {
  const columns = targetColumns(relation, statement);
  const partial = partialColumns(statement).find((name) => distribution.shardKey.includes(name));
  if (partial !== undefined) throw refuse("SG052", `only a part of shard key column "${partial}" is given`);
  if (!canRunOnShards(input, statement, rows)) return undefined;
  if (!relation.columns.every((column) => isLocalDefault(input, column))) return undefined;

  const keyColumns = distribution.shardKey.map((name) => columnNamed(relation, name));
  if (statement.override === "OVERRIDING_USER_VALUE" && keyColumns.some(({ identity }) => identity)) return undefined;
  const positions = keyColumns.map((column) => columns.indexOf(column));
  const isShared = parameterSharing(
    input,
    sourceNodes(statement),
    rows.map((expressions) => ({ expressions, columns })),
  );
  const keys: (readonly ValueSource[])[] = [];
  for (const row of rows) {
    const key: ValueSource[] = [];
    for (const [index, position] of positions.entries()) {
      const column = keyColumns[index]!;
      const expression = row[position];
      const value = expression === undefined ? undefined : keySource(input, expression, column, isShared);
      if (value?.kind === "null") throw nullShardKey({ schema: relation.schema, relation: relation.name }, column.name);
      if (value?.kind !== "source") return undefined;
      key.push(value.source);
    }
    keys.push(key);
  }
  return rows.length === 1
    ? singleRow(input, relation, distribution, keys)
    : split(input, relation, distribution, keys);
}

function singleRow(
  input: PlanInput,
  relation: Relation,
  distribution: Distributed,
  keys: readonly (readonly ValueSource[])[],
): Plan {
  const { types } = distribution;
  return {
    kind: "single-shard",
    targets: [{ kind: "keys", types, stored: storedKey(relation, distribution), keys }],
    readOnly: false,
    otherwise: undefined,
    // A constant in the plan is part of the text, not of its shape.
    anyLiterals: input.normalized !== undefined && keys.every((key) => key.every(({ kind }) => kind !== "constant")),
  };
}

function split(
  input: PlanInput,
  relation: Relation,
  distribution: Distributed,
  keys: readonly (readonly ValueSource[])[],
): Plan | undefined {
  const { text } = input.statement;
  const start = findInsertValues(text);
  const slices = start === undefined ? undefined : sliceValues(text, start);
  if (slices === undefined || slices.rows.length !== keys.length) return undefined;
  const rows = slices.rows.map((row, index) => ({ text: text.slice(row.start, row.end), key: keys[index]! }));
  return {
    kind: "insert-split",
    types: distribution.types,
    stored: storedKey(relation, distribution),
    head: slices.head,
    rows,
    tail: slices.tail,
    otherwise: undefined,
  };
}

function sourceNodes(statement: InsertStmt): Node[] {
  const { withClause, selectStmt } = statement;
  return [...(withClause === undefined ? [] : [{ WithClause: withClause }]), ...(selectStmt ? [selectStmt] : [])];
}

/** Whether every expression has the same value on any shard. */
function canRunOnShards(input: PlanInput, statement: InsertStmt, rows: readonly (readonly Node[])[]): boolean {
  const computed = rows.flatMap((row) => row.filter(isComputed));
  const { withClause } = statement;
  const nodes: Node[] = withClause === undefined ? computed : [...computed, { WithClause: withClause }];
  if (nodes.length === 0) return true;
  return isShardLocal(readsOf(input, nodes)) && functionDemands({ List: { items: nodes } }, true).home.length === 0;
}

function isComputed(node: Node): boolean {
  return (["A_Const", "ParamRef", "SetToDefault"] as const).every((type) => nodeOf(node, type) === undefined);
}
