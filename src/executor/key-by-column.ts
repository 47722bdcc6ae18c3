// Which component of the shard key stands in which field of a row.

/** Component by field, up to the last field of the key; -1 for fields that are not in it. */
export function keyByColumn(keyColumns: readonly number[]): Int16Array {
  const keyOf = new Int16Array(Math.max(...keyColumns) + 1).fill(-1);
  for (const [key, column] of keyColumns.entries()) keyOf[column] = key;
  return keyOf;
}
