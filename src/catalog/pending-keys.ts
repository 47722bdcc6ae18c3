// Foreign keys that wait for their table to be distributed: those of unsharded tables to distributed ones.
import type { ForeignKeyRow } from "./catalog-sql.ts";
import type { Column, Distribution, PendingKey } from "./snapshot.ts";
import { readableName } from "./sql-name.ts";

export interface KeyedTables {
  distributionOf(oid: number): Distribution;
  columnsOf(oid: number): ReadonlyMap<number, Column>;
  /** The relation itself and its parents upwards, as long as rows stored in the parent may go to it. */
  partitionedAncestors(oid: number): readonly number[];
  nameOf(oid: number): { readonly schema: string; readonly name: string } | undefined;
}

/** By table; a row stored in a partitioned table may go to any of its partitions, so the parents have them too. */
export function pendingKeys(rows: readonly ForeignKeyRow[], tables: KeyedTables): ReadonlyMap<number, PendingKey> {
  const found = new Map<number, PendingKey>();
  for (const [from, fromColumns, to, toColumns] of rows) {
    const target = tables.distributionOf(to);
    const family = tables.partitionedAncestors(from);
    const [tableName, toName] = [tables.nameOf(family.at(-1) ?? from), tables.nameOf(to)];
    const isPending = target.kind === "distributed" && tables.distributionOf(from).kind === "unsharded";
    if (!isPending || tableName === undefined || toName === undefined) continue;
    const targetNames = toColumns.map((number) => tables.columnsOf(to).get(number)?.name);
    const columns = target.shardKey.flatMap((name) => {
      const number = fromColumns[targetNames.indexOf(name)];
      return number === undefined ? [] : (tables.columnsOf(from).get(number)?.name ?? []);
    });
    const key: PendingKey = { table: readableName(tableName), to: readableName(toName), columns };
    for (const oid of family) if (!found.has(oid)) found.set(oid, key);
  }
  return found;
}
