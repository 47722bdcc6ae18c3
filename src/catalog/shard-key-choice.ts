// The shard key and colocation group of a table about to be distributed.

import { SqlError } from "../pgwire/sql-error.ts";
import { shardKeyType } from "../sharding/shard-key-type.ts";
import { refuseDistribution } from "./refusals.ts";
import type { CatalogSnapshot, Column, Distribution, Relation } from "./snapshot.ts";
import { plainName } from "./sql-name.ts";

export type Distributed = Extract<Distribution, { kind: "distributed" }>;

/** The columns that a text such as `tenant_id, "Order"` names. A name that is a column's as it stands needs no quotes. */
export function parseShardKey(text: string, relation: Relation): readonly Column[] {
  const names = text.match(/(?:"(?:[^"]|"")*"|[^,"])+/g) ?? [];
  const columns = names.map((part) => findColumn(part.trim(), relation));
  if (columns.length === 0) throw new SqlError({ code: "22023", message: "the shard key has no columns" });
  for (const [index, column] of columns.entries()) {
    if (columns.indexOf(column) === index) continue;
    throw new SqlError({ code: "42701", message: `column "${column.name}" appears twice in the shard key` });
  }
  return columns;
}

function findColumn(written: string, relation: Relation): Column {
  const isQuoted = /^"(?:[^"]|"")+"$/.test(written);
  const name = isQuoted ? written.slice(1, -1).replaceAll('""', '"') : written;
  const byName = (wanted: string) => relation.columns.find((column) => column.name === wanted);
  const folded = name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  const column = byName(name) ?? (isQuoted ? undefined : byName(folded));
  if (column) return column;
  throw new SqlError({ code: "42703", message: `column "${name}" of relation "${relation.name}" does not exist` });
}

/** The key with its types, in the group that `colocateWith` asks for: a table, "default" or "none". */
export function chooseShardKey(
  catalog: CatalogSnapshot,
  columns: readonly Column[],
  colocateWith: Relation | "default" | "none",
  nextColocationGroup: number,
): Distributed {
  const types = columns.map((column) => {
    const type = shardKeyType(column.typeOid);
    if (column.generated) throw refuseDistribution("SG108", column.name);
    if (type === undefined) throw refuseDistribution("SG107", `"${column.name}" of type ${column.typeName}`);
    return type;
  });
  const withSameTypes = (other: Distribution) =>
    other.kind === "distributed" && other.types.join() === types.join() ? other : undefined;
  const chosen = { kind: "distributed", shardKey: columns.map(({ name }) => name), types } as const;

  if (colocateWith === "none") return { ...chosen, colocationGroup: nextColocationGroup };
  if (colocateWith !== "default") {
    const other = colocateWith.distribution;
    const group = withSameTypes(other)?.colocationGroup;
    if (group !== undefined) return { ...chosen, colocationGroup: group };
    const found = other.kind === "distributed" ? `whose key is of ${other.types.join(", ")}` : `which is ${other.kind}`;
    throw refuseDistribution("SG118", `${plainName(colocateWith)}, ${found}`);
  }
  const groups = [...catalog.relationsByOid.values()].flatMap(
    ({ distribution }) => withSameTypes(distribution)?.colocationGroup ?? [],
  );
  return { ...chosen, colocationGroup: groups.length === 0 ? nextColocationGroup : Math.min(...groups) };
}
