// pgsql-deparser with what it forgets: FETCH FIRST .. WITH TIES and GROUP BY DISTINCT.
import type { Node, SelectStmt } from "@pgsql/types";
import { Deparser } from "pgsql-deparser";

type DeparserContext = Parameters<Deparser["SelectStmt"]>[1];

export class FaithfulDeparser extends Deparser {
  override SelectStmt(select: SelectStmt, context: DeparserContext): string {
    const { limitCount, groupClause = [], ...rest } = select;
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

  /** The first element of GROUP BY DISTINCT, as `SelectStmt` above marks it; called by `visit` through its name. */
  GroupDistinct(marked: { readonly first: Node }, context: DeparserContext): string {
    return `DISTINCT ${this.visit(marked.first, context)}`;
  }
}
