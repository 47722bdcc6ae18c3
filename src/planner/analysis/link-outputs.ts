// How what is known outside of a subquery reaches its inside, and the other way round: through output columns that are
// plain columns inside.

import { classesOf } from "./classes.ts";
import type { Level } from "./model.ts";
import type { Variable } from "./variable.ts";

/**
 * Links variables of the level around (`outers[i]` is equal to output i, or undefined) to the variables inside. Both
 * branches of a set operation are linked. `accepts` can turn down an inner variable.
 */
export function linkOutputs(
  body: Level,
  outers: readonly (Variable | undefined)[],
  accepts: (inner: Variable) => boolean = () => true,
): void {
  const { shape } = body;
  if (body.kind === "set-operation") {
    if (shape.hasLimit || body.isRecursive) return;
    for (const branch of body.branches) linkOutputs(branch, outers, accepts);
    return;
  }
  if (shape.hasGroupingSets || (shape.hasAggregates && shape.groupBy === undefined)) return;
  outers.forEach((output, index) => {
    const inner = body.outputs?.[index]?.variable;
    if (output === undefined || inner === undefined || !accepts(inner)) return;
    if (output.family === undefined || output.family !== inner.family) return;
    body.region.links.push({ output, inner, isDownwardSafe: isDownwardSafe(body, inner) });
  });
}

/** Whether every row of the subquery comes from at least one combination of rows that passed its conditions. */
export function rowsImplyRows({ kind, shape }: Level): boolean {
  if (kind !== "select" || shape.hasGroupingSets) return false;
  return shape.groupBy !== undefined || (!shape.hasAggregates && !shape.hasHaving);
}

/** Whether leaving out rows with other values of `inner` leaves the remaining rows of the subquery as they are. */
function isDownwardSafe({ shape, region }: Level, inner: Variable): boolean {
  if (shape.hasLimit) return false;
  const classes = classesOf(region, "own");
  const isAmong = (terms: readonly { readonly variable: Variable | undefined }[]): boolean =>
    terms.some(({ variable }) => variable !== undefined && classes.areEqual(variable, inner));
  if (typeof shape.distinct === "object" && !isAmong(shape.distinct.on)) return false;
  return shape.windows.every(isAmong);
}
