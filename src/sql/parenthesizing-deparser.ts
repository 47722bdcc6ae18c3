// The second attempt of `deparse`: every operation in its own parentheses, for trees where pgsql-deparser has taken too few.
// Uglier, and sure of its precedence.
import type {
  A_Expr,
  BoolExpr,
  BooleanTest,
  CollateClause,
  FuncCall,
  JsonIsPredicate,
  NullTest,
  SubLink,
  TypeCast,
  XmlExpr,
} from "@pgsql/types";
import type { Deparser } from "pgsql-deparser";
import { FaithfulDeparser } from "./faithful-deparser.ts";
import { nodeOf } from "./walk.ts";

const infix: ReadonlySet<string> = new Set(["timezone", "overlaps", "is_normalized"]);

type DeparserContext = Parameters<Deparser["SelectStmt"]>[1];

/** Longer texts than FaithfulDeparser's, for the same trees. */
export class ParenthesizingDeparser extends FaithfulDeparser {
  override A_Expr(expression: A_Expr, context: DeparserContext): string {
    return `(${super.A_Expr(expression, context)})`;
  }

  override BoolExpr(expression: BoolExpr, context: DeparserContext): string {
    return `(${super.BoolExpr(expression, context)})`;
  }

  override NullTest(test: NullTest, context: DeparserContext): string {
    return `(${super.NullTest(test, context)})`;
  }

  override BooleanTest(test: BooleanTest, context: DeparserContext): string {
    return `(${super.BooleanTest(test, context)})`;
  }

  override CollateClause(clause: CollateClause, context: DeparserContext): string {
    const text = super.CollateClause(clause, context);
    return clause.arg === undefined ? text : `(${text})`;
  }

  override TypeCast(cast: TypeCast, context: DeparserContext): string {
    return `(${super.TypeCast(cast, context)})`;
  }

  /** AT TIME ZONE, OVERLAPS, IS NORMALIZED look like operators. In FROM, where no parentheses may be, they cannot stand. */
  override FuncCall(call: FuncCall, context: DeparserContext): string {
    const text = super.FuncCall(call, context);
    return call.funcformat === "COERCE_SQL_SYNTAX" && infix.has(nodeOf(call.funcname?.at(-1), "String")?.sval ?? "")
      ? `(${text})`
      : text;
  }

  override SubLink(link: SubLink, context: DeparserContext): string {
    const text = super.SubLink(link, context);
    return link.testexpr === undefined ? text : `(${text})`;
  }

  override JsonIsPredicate(predicate: JsonIsPredicate, context: DeparserContext): string {
    return `(${super.JsonIsPredicate(predicate, context)})`;
  }

  override XmlExpr(expression: XmlExpr, context: DeparserContext): string {
    const text = super.XmlExpr(expression, context);
    return expression.op === "IS_DOCUMENT" ? `(${text})` : text;
  }
}
