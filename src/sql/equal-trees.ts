// Whether two trees say the same, wherever they stand in their texts.

type Fields = { readonly [field: string]: unknown };

/** Fields that hold offsets in the text. */
export const locationFields: ReadonlySet<string> = new Set([
  "location",
  "name_location",
  "stmt_location",
  "stmt_len",
  "list_start",
  "list_end",
  "rexpr_list_start",
  "rexpr_list_end",
]);

/** Compares everything but locations; a value that is its type's zero is the same as none. Needs no stack. */
export function equalTrees(left: unknown, right: unknown): boolean {
  const waiting: unknown[] = [left, right];
  while (waiting.length > 0) {
    const b = waiting.pop();
    const a = waiting.pop();
    if (a === b) continue;
    if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
    if (Array.isArray(a) !== Array.isArray(b)) return false;
    if (fieldCount(a as Fields) !== fieldCount(b as Fields)) return false;
    for (const field in a) {
      const value = (a as Fields)[field];
      if (locationFields.has(field) || isZero(value)) continue;
      if (!Object.hasOwn(b, field)) return false;
      waiting.push(value, (b as Fields)[field]);
    }
  }
  return true;
}

function fieldCount(fields: Fields): number {
  let count = 0;
  for (const field in fields) if (!locationFields.has(field) && !isZero(fields[field])) count++;
  return count;
}

/** What protobuf leaves out of the JSON. */
function isZero(value: unknown): boolean {
  return !value || (Array.isArray(value) && value.length === 0);
}
