// A whole SELECT or set operation as an input: what it computes stays within one shard key, so the shards compute it and
// only its rows travel. ORDER BY and LIMIT, if there are any, are done on the shards and once more over all rows.
import type { Node, SelectStmt } from "@pgsql/types";
import { nodeOf } from "../../sql/walk.ts";
import type { Level } from "../analysis/model.ts";
import { limitSource, pushedLimit } from "../query/limit.ts";
import { partitionWithoutLimit } from "../query/partition.ts";
import { targetOf, unionOf } from "../query/scatter.ts";
import { addInput, callsHome, copiesOf, cover, type Gathering, type InputColumn, inputInFrom } from "./gathering.ts";
import { isLossless, type Lost, lostByExpression, nothingLost, restored } from "./lost-on-the-way.ts";
import { neededCtes, withCtes } from "./needed-ctes.ts";
import { column, select, target } from "./nodes.ts";

/** False: it cannot be. `inSetOperation`: as a branch, whose untyped literals the other branches give a type. */
export function pushLevel(gathering: Gathering, level: Level, inSetOperation: boolean): boolean {
  const copies = copiesOf(gathering, level);
  if (!copies.every(isPartitionedAlone) || callsHome(gathering, level)) return false;
  const outputs = outputColumns(gathering, level, inSetOperation);
  const statement = level.node as SelectStmt;
  const limited = withoutOffset(statement);
  const ctes = neededCtes([level], statement.withClause);
  const sorts = outputs && sortColumns(gathering, level, outputs.length);
  if (outputs === undefined || limited === undefined || sorts === undefined || ctes === undefined) return false;
  if (copies.some((copy) => copy.shape.hasLocking)) return false;

  const columns = [...outputs, ...sorts.hidden.map((each) => each.column)];
  const query = withCtes(withHidden(limited, sorts.hidden), ctes);
  const name = addInput(gathering, query, columns, unionOf(copies.map(targetOf)));
  const isSorted = sorts.clause.length > 0;
  gathering.selects.set(
    level.node,
    select({
      targetList: outputs.map((each, index) => {
        return target(restored(column(each.name), each.lost), level.outputs![index]!.name);
      }),
      fromClause: [inputInFrom(name, [], name)],
      ...(isSorted ? { sortClause: sorts.clause } : {}),
      ...limitClauses(statement),
    }),
  );
  for (const copy of copies) cover(gathering, copy);
  return true;
}

function isPartitionedAlone(level: Level): boolean {
  return !level.isCorrelated && partitionWithoutLimit(level).kind === "partitioned";
}

function outputColumns(gathering: Gathering, level: Level, inSetOperation: boolean): InputColumn[] | undefined {
  const columns: InputColumn[] = [];
  for (const [index, { typeOid, expression }] of (level.outputs ?? []).entries()) {
    const isUnclear = inSetOperation && typeOid === undefined && (expression === undefined || isUntyped(expression));
    const lost = isUnclear ? undefined : lostByOutput(gathering, level, index);
    if (lost === undefined) return undefined;
    columns.push({ name: `${gathering.prefix}c${index + 1}`, lost });
  }
  return columns.length === 0 ? undefined : columns;
}

/** Of a set operation, both sides must lose nothing. */
function lostByOutput(gathering: Gathering, level: Level, index: number): Lost | undefined {
  if (level.kind === "set-operation") {
    const isGood = level.branches.every((branch) => {
      const lost = lostByOutput(gathering, branch, index);
      return lost !== undefined && isLossless(lost);
    });
    return isGood ? nothingLost : undefined;
  }
  const expression = level.outputs?.[index]?.expression;
  return expression && lostByExpression(gathering.input, gathering.analysis, expression);
}

/** A bare literal or parameter has no type yet. */
function isUntyped(node: Node): boolean {
  const constant = nodeOf(node, "A_Const");
  if (constant !== undefined) return constant.sval !== undefined || constant.isnull === true;
  return "ParamRef" in node || !("ColumnRef" in node || "TypeCast" in node || "FuncCall" in node || "A_Expr" in node);
}

interface Sorts {
  readonly hidden: readonly { readonly column: InputColumn; readonly node: Node }[];
  readonly clause: Node[];
}

/** ORDER BY over the input's columns: hidden ones, or for a set operation those of its outputs. */
function sortColumns({ input, analysis, prefix }: Gathering, level: Level, outputs: number): Sorts | undefined {
  const hidden: Sorts["hidden"][number][] = [];
  const clause: Node[] = [];
  for (const { term, node } of level.sort) {
    if (level.kind === "set-operation" || term.node === undefined) return undefined;
    const lost = lostByExpression(input, analysis, term.node);
    if (lost === undefined || level.hasVolatile) return undefined;
    const name = `${prefix}c${outputs + hidden.length + 1}`;
    hidden.push({ column: { name, lost }, node: term.node });
    clause.push({ SortBy: { ...node, node: restored(column(name), lost) } });
  }
  return { hidden, clause };
}

/** Named, lest ORDER BY takes one for an output of the same name. */
function withHidden(statement: SelectStmt, hidden: Sorts["hidden"]): SelectStmt {
  if (hidden.length === 0) return statement;
  const targets = hidden.map((each) => target(each.node, each.column.name));
  return { ...statement, targetList: [...(statement.targetList ?? []), ...targets] };
}

/** Every shard gives as many rows as could be wanted; undefined: only PostgreSQL knows how many those are. */
export function withoutOffset(statement: SelectStmt): SelectStmt | undefined {
  const limit = limitSource(statement.limitCount);
  const offset = limitSource(statement.limitOffset);
  if (limit === "unknown" || offset === "unknown") return undefined;
  if (offset === undefined) return statement;
  const { limitCount: _count, limitOffset: _offset, ...rest } = statement;
  if (limit === undefined) return { ...rest, limitOption: "LIMIT_OPTION_DEFAULT" };
  return { ...rest, limitCount: pushedLimit(limit, offset) };
}

function limitClauses({ limitCount, limitOffset, limitOption }: SelectStmt): SelectStmt {
  return {
    ...(limitCount === undefined ? {} : { limitCount }),
    ...(limitOffset === undefined ? {} : { limitOffset }),
    limitOption: limitOption ?? "LIMIT_OPTION_DEFAULT",
  };
}
