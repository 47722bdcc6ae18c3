// The second attempt of `deparse`: every operation in its own parentheses, for trees where pgsql-deparser has taken too few.
// Uglier, and sure of its precedence.
import type { A_Expr, BoolExpr, BooleanTest, CollateClause, NullTest, TypeCast } from "@pgsql/types";
import type { Deparser } from "pgsql-deparser";
import { FaithfulDeparser } from "./faithful-deparser.ts";

type DeparserContext = Parameters<Deparser["SelectStmt"]>[1];

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
}
