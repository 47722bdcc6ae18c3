// pgsql-deparser, with what it forgets or writes wrongly put right. Nothing here is trusted either: deparse.ts checks the
// result. `visit` of the base class finds the methods by the types of the nodes.
import type {
  A_Indirection,
  FuncCall,
  InferClause,
  InsertStmt,
  JsonFuncExpr,
  JsonTable,
  Node,
  OnConflictClause,
  RangeTableFunc,
  ResTarget,
  SelectStmt,
  SortBy,
} from "@pgsql/types";
import { Deparser } from "pgsql-deparser";
import { type ShowJsonParts, showJsonFunction, showJsonTable } from "./deparse-json.ts";
import { showXmlTable } from "./deparse-xml-table.ts";
import { quoteIdentifier } from "./names.ts";
import { nodeOf, typeOf } from "./walk.ts";

type DeparserContext = Parameters<Deparser["SelectStmt"]>[1];

/** The first attempt of `deparse`. */
export class FaithfulDeparser extends Deparser {
  /** Adds WITH TIES and GROUP BY DISTINCT. An empty list is no clause. */
  override SelectStmt(select: SelectStmt, context: DeparserContext): string {
    const { limitCount, groupClause = [], ...rest } = withoutEmptyLists(select);
    const [firstGroup, ...otherGroups] = groupClause;
    const groups =
      select.groupDistinct && firstGroup !== undefined
        ? [{ GroupDistinct: { first: firstGroup } } as unknown as Node, ...otherGroups]
        : groupClause;
    const shown: SelectStmt = groups.length === 0 ? rest : { ...rest, groupClause: groups };
    if (limitCount === undefined) return super.SelectStmt(shown, context);
    if (select.limitOption !== "LIMIT_OPTION_WITH_TIES") return super.SelectStmt({ ...shown, limitCount }, context);
    // Behind everything else: the grammar lets FETCH follow FOR UPDATE.
    return `${super.SelectStmt(shown, context)} FETCH FIRST (${this.visit(limitCount, context)}) ROWS WITH TIES`;
  }

  /** The first element of GROUP BY DISTINCT, as `SelectStmt` marks it. */
  GroupDistinct({ first }: { readonly first: Node }, context: DeparserContext): string {
    return `DISTINCT ${this.visit(first, context)}`;
  }

  /** USING OPERATOR(schema.op). */
  override SortBy(sort: SortBy, context: DeparserContext): string {
    if (sort.useOp === undefined || sort.useOp.length < 2) return super.SortBy(sort, context);
    const names = sort.useOp.map((node) => nodeOf(node, "String")?.sval ?? "");
    const schemas = names.slice(0, -1).map(quoteIdentifier);
    const nulls = { SORTBY_NULLS_FIRST: " NULLS FIRST", SORTBY_NULLS_LAST: " NULLS LAST", SORTBY_NULLS_DEFAULT: "" };
    const operator = `OPERATOR(${[...schemas, names.at(-1)].join(".")})`;
    return `${this.visit(sort.node!, context)} USING ${operator}${nulls[sort.sortby_nulls ?? "SORTBY_NULLS_DEFAULT"]}`;
  }

  /** Parentheses around all but names and parameters: the grammar wants them in front of most `[` and `.`. */
  override A_Indirection(indirection: A_Indirection, context: DeparserContext): string {
    const argument = indirection.arg!;
    const type = typeOf(argument);
    if (type === "ParamRef" || (type === "ColumnRef" && nodeOf(indirection.indirection?.[0], "A_Indices"))) {
      return super.A_Indirection(indirection, context);
    }
    const shown = super.A_Indirection({ ...indirection, arg: { ParamRef: { number: 1 } } }, context);
    return `(${this.visit(argument, context)})${shown.slice("$1".length)}`;
  }

  /** AT LOCAL. */
  override FuncCall(call: FuncCall, context: DeparserContext): string {
    const isLocal =
      call.funcformat === "COERCE_SQL_SYNTAX" &&
      call.args?.length === 1 &&
      nodeOf(call.funcname?.at(-1), "String")?.sval === "timezone";
    return isLocal ? `((${this.visit(call.args![0]!, context)}) AT LOCAL)` : super.FuncCall(call, context);
  }

  /** Its own ON CONFLICT: names quoted, several columns assigned at once. */
  override InsertStmt(insert: InsertStmt, context: DeparserContext): string {
    const { onConflictClause, returningClause, ...rest } = insert;
    if (onConflictClause === undefined) return super.InsertStmt(insert, context);
    const returning = returningClause === undefined ? "" : ` ${this.ReturningClause(returningClause, context)}`;
    return `${super.InsertStmt(rest, context)}${this.onConflict(onConflictClause, context)}${returning}`;
  }

  onConflict({ action, infer, targetList, whereClause }: OnConflictClause, context: DeparserContext): string {
    const conflict = ` ON CONFLICT${infer === undefined ? "" : this.conflictTarget(infer, context)}`;
    if (action === "ONCONFLICT_NOTHING") return `${conflict} DO NOTHING`;
    const where = whereClause === undefined ? "" : ` WHERE ${this.visit(whereClause, context)}`;
    return `${conflict} DO UPDATE SET ${this.formatUpdateAssignments(targetList ?? [], context)}${where}`;
  }

  conflictTarget({ conname, indexElems, whereClause }: InferClause, context: DeparserContext): string {
    if (conname !== undefined) return ` ON CONSTRAINT ${quoteIdentifier(conname)}`;
    const elements = (indexElems ?? []).map((element) => this.visit(element, context)).join(", ");
    return ` (${elements})${whereClause === undefined ? "" : ` WHERE ${this.visit(whereClause, context)}`}`;
  }

  /** SET of INSERT, UPDATE and MERGE. The columns of one `(a, b) = ...` stand one after the other, counted by colno. */
  override formatUpdateAssignments(targets: Node[], context: DeparserContext): string {
    const assignments: string[] = [];
    for (let index = 0; index < targets.length; index++) {
      const target = nodeOf(targets[index], "ResTarget")!;
      const multiple = nodeOf(target.val, "MultiAssignRef");
      if (multiple === undefined) {
        assignments.push(`${this.assigned(target, context)} = ${this.visit(target.val!, context)}`);
        continue;
      }
      const count = multiple.ncolumns ?? 1;
      const together = targets.slice(index, index + count).map((node) => nodeOf(node, "ResTarget")!);
      const names = together.map((one) => this.assigned(one, context)).join(", ");
      assignments.push(`(${names}) = ${this.visit(multiple.source!, context)}`);
      index += count - 1;
    }
    return assignments.join(", ");
  }

  /** A column that is assigned to, with `[...]` and `.x` behind it. */
  assigned({ name, indirection }: ResTarget, context: DeparserContext): string {
    const target: ResTarget = indirection === undefined ? { name: name! } : { name: name!, indirection };
    return super.ResTarget(target, context.spawn("InsertStmt", { insertColumns: true }));
  }

  JsonFuncExpr(expression: JsonFuncExpr, context: DeparserContext): string {
    return showJsonFunction(expression, this.jsonParts(context));
  }

  JsonTable(table: JsonTable, context: DeparserContext): string {
    return this.tableFunction(table, showJsonTable(table, this.jsonParts(context)), context);
  }

  override RangeTableFunc(table: RangeTableFunc, context: DeparserContext): string {
    const parts = {
      node: (node: Node) => this.visit(node, context),
      type: this.typeShower(context),
    };
    return this.tableFunction(table, showXmlTable(table, parts), context);
  }

  tableFunction({ lateral, alias }: JsonTable | RangeTableFunc, text: string, context: DeparserContext): string {
    return `${lateral ? "LATERAL " : ""}${text}${alias === undefined ? "" : ` ${this.Alias(alias, context)}`}`;
  }

  jsonParts(context: DeparserContext): ShowJsonParts {
    return {
      node: (node) => this.visit(node, context),
      value: (value) => this.JsonValueExpr(value, context),
      type: this.typeShower(context),
      output: (output) => this.formatJsonOutput(output, context) ?? "",
    };
  }

  typeShower(context: DeparserContext): ShowJsonParts["type"] {
    return (type) => this.TypeName(type, context);
  }
}

function withoutEmptyLists<T extends object>(fields: T): T {
  const kept = Object.entries(fields).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  return Object.fromEntries(kept) as T;
}
