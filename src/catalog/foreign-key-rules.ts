// Which foreign keys every shard can enforce among its own rows. A table of the right, referenced side:
//
//   from \ to     unsharded   reference   distributed
//   unsharded     yes         yes         while the table has no rows (its key is pending), else SG112
//   reference     SG114       yes         SG114
//   distributed   SG111       yes         if both are in one colocation group and it joins the whole shard keys, else SG113
import type { SqlError } from "../pgwire/sql-error.ts";
import { refuseDistribution } from "./refusals.ts";
import type { PendingKey, Relation } from "./snapshot.ts";
import { plainName, readableName } from "./sql-name.ts";

export type ForeignKeyAction = "no action" | "restrict" | "cascade" | "set null" | "set default";

export interface ForeignKeyActions {
  readonly onDelete: ForeignKeyAction;
  readonly onUpdate: ForeignKeyAction;
  /** Those of ON DELETE SET NULL (a, b); undefined: all columns of the foreign key. */
  readonly onDeleteColumns?: readonly string[] | undefined;
}

const noActions: ForeignKeyActions = { onDelete: "no action", onUpdate: "no action" };

/**
 * `toColumns` are the columns of the primary key when the text names none. `name` is for the message. `isEmpty`: the table
 * has no rows, and gets none as long as its key is pending (`refusePendingWrite`).
 */
export function checkForeignKey(
  from: Relation,
  fromColumns: readonly string[],
  to: Relation,
  toColumns: readonly string[],
  actions: ForeignKeyActions = noActions,
  name = `(${fromColumns.join(", ")})`,
  isEmpty = false,
): SqlError | undefined {
  const refused = (code: "SG111" | "SG112" | "SG113" | "SG114" | "SG115", instead?: string) =>
    refuseDistribution(code, `${name} of ${plainName(from)} to ${plainName(to)}`, undefined, instead);
  const [source, target] = [from.distribution, to.distribution];
  switch (target.kind) {
    case "unsharded":
      if (source.kind === "distributed") return refused("SG111");
      return source.kind === "reference" ? refused("SG114") : undefined;
    case "reference":
      break;
    case "distributed":
      if (source.kind === "unsharded") {
        const columns = target.shardKey.flatMap((column) => fromColumns[toColumns.indexOf(column)] ?? []);
        return isEmpty ? undefined : refused("SG112", distributeCall(readableName(from), columns, readableName(to)));
      }
      if (source.kind === "reference") return refused("SG114");
      if (source.colocationGroup !== target.colocationGroup) return refused("SG113");
      if (!joinsShardKeys(source.shardKey, fromColumns, target.shardKey, toColumns)) return refused("SG113");
  }
  if (source.kind !== "distributed") return undefined;
  return changesShardKey(source.shardKey, fromColumns, actions, target.kind === "reference")
    ? refused("SG115")
    : undefined;
}

/** For a statement that would store rows in an unsharded table whose foreign key waits for it to be distributed. */
export function refusePendingWrite({ table, to, columns }: PendingKey): SqlError {
  return refuseDistribution(
    "SG125",
    `table ${table}, which is not sharded, has a foreign key to sharded table ${to}`,
    undefined,
    distributeCall(table, columns, to),
  );
}

function distributeCall(table: string, columns: readonly string[], colocateWith: string): string {
  const [name, key, other] = [table, columns.join(", "), colocateWith].map((text) => `'${text.replaceAll("'", "''")}'`);
  return `create_distributed_table(${name}, ${key}, colocate_with => ${other})`;
}

function joinsShardKeys(
  fromKey: readonly string[],
  fromColumns: readonly string[],
  toKey: readonly string[],
  toColumns: readonly string[],
): boolean {
  return fromKey.every((column, index) =>
    fromColumns.some((name, position) => name === column && toColumns[position] === toKey[index]),
  );
}

/**
 * ON UPDATE CASCADE from a distributed table keeps the key: a row whose shard key changes is deleted and inserted anew.
 */
function changesShardKey(
  shardKey: readonly string[],
  fromColumns: readonly string[],
  { onDelete, onUpdate, onDeleteColumns }: ForeignKeyActions,
  fromReference: boolean,
): boolean {
  const changed = new Set<string>();
  if (onDelete === "set null" || onDelete === "set default") {
    for (const column of onDeleteColumns ?? fromColumns) changed.add(column);
  }
  if (onUpdate === "set null" || onUpdate === "set default" || (onUpdate === "cascade" && fromReference)) {
    for (const column of fromColumns) changed.add(column);
  }
  return shardKey.some((column) => changed.has(column));
}
