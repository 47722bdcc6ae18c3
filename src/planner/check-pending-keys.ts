// An unsharded table may have a foreign key to a distributed one only as long as it is empty (foreign-key-rules.ts): whatever
// would store rows in it is refused.
import type { CopyStmt, DoStmt, InsertStmt, MergeStmt, Node, RangeVar } from "@pgsql/types";
import { refusePendingWrite } from "../catalog/foreign-key-rules.ts";
import { functionMentions, type Mentions, relationMentions } from "../catalog/function-body.ts";
import type { Relation } from "../catalog/snapshot.ts";
import { findFunctions } from "../catalog/trigger-rules.ts";
import { typeOf, walk } from "../sql/walk.ts";
import { callsIn } from "./calls-in.ts";
import { lastName, optionNamed, optionText } from "./definition.ts";
import type { PlanInput } from "./plan-input.ts";
import { catalogRelation } from "./relation-of.ts";
import { mentionsOfFunction, mentionsOfText } from "./touched-by-function.ts";

/** Others store no rows when they run: they define something, or are planned again when what they hold runs. */
const storing: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
  "CopyStmt",
  "DeclareCursorStmt",
  "CreateTableAsStmt",
  "DoStmt",
  "CallStmt",
]);

export function checkPendingKeys(input: PlanInput): void {
  const { tree } = input.statement;
  if (input.catalog.hasPendingKeys !== true || !storing.has(typeOf(tree))) return;
  for (const relation of storedInto(input, tree)) {
    if (relation.pendingKey !== undefined) throw refusePendingWrite(relation.pendingKey);
  }
}

/** Relations that may get rows: by name, through views, in triggers, and in functions that are called. */
function storedInto(input: PlanInput, tree: Node): ReadonlySet<Relation> {
  const { catalog } = input;
  const found = new Set<Relation>();
  const addWritten = ({ written }: Mentions): void => {
    for (const relation of written) found.add(relation);
  };
  const addTarget = (name: RangeVar | undefined, isStored: boolean): void => {
    const relation = catalogRelation(input, name);
    if (relation === undefined) return;
    if (isStored) for (const each of [relation, ...relationMentions(catalog, [relation]).relations]) found.add(each);
    const functions = relation.triggerFunctions.flatMap((each) => findFunctions(catalog, each));
    addWritten(functionMentions(catalog, functions));
  };
  walk(tree, (type, node) => {
    switch (type) {
      case "InsertStmt":
      case "MergeStmt":
        addTarget((node as InsertStmt | MergeStmt).relation, true);
        break;
      case "UpdateStmt":
      case "DeleteStmt":
        addTarget((node as { relation?: RangeVar }).relation, false);
        break;
      case "CopyStmt":
        if ((node as CopyStmt).is_from) addTarget((node as CopyStmt).relation, true);
        break;
      case "DoStmt": {
        const body = optionText(optionNamed((node as DoStmt).args, "as")) ?? "";
        for (const mentions of mentionsOfText(catalog, body)) addWritten(mentions);
      }
    }
    return undefined;
  });
  for (const call of callsIn(tree)) addWritten(mentionsOfFunction(catalog, lastName(call.funcname)));
  return found;
}
