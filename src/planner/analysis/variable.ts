// A variable: one column of one source of rows in the query. Two references to the same column of the same source are the
// same variable, the same column of the same table named twice in FROM is two.
import type { Column } from "../../catalog/snapshot.ts";
import { type ShardKeyType, shardKeyType } from "../../sharding/shard-key-type.ts";
import type { Region } from "./region.ts";

export interface Variable {
  /** For messages only. */
  readonly name: string;
  /** undefined: not known. */
  readonly typeOid: number | undefined;
  /** Values of one family that are equal have equal hashes; undefined: equality of this variable proves nothing. */
  readonly family: ShardKeyType | undefined;
  /** Where its rows come from: NULL-extended rows of a region have NULL in all its variables. */
  readonly region: Region;
  /** When it is the plain column of a table, a view or a materialized view. */
  readonly column: Column | undefined;
}

export function columnVariable(column: Column, region: Region): Variable {
  return { name: column.name, typeOid: column.typeOid, family: shardKeyType(column.typeOid), region, column };
}

/** A computed column of a subquery, a function, or a merged column of FULL JOIN .. USING. */
export function outputVariable(name: string, typeOid: number | undefined, region: Region): Variable {
  const family = typeOid === undefined ? undefined : shardKeyType(typeOid);
  return { name, typeOid, family, region, column: undefined };
}
