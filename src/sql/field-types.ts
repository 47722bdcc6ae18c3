// The types of the fields whose values stand without their type, because the grammar allows one type only (in C: pointers
// to something else than Node). Taken from the protobuf description of PostgreSQL 18's trees.
import type { NodeType } from "./walk.ts";

const byField: { readonly [field: string]: NodeType } = {
  action: "GrantStmt",
  alias: "Alias",
  argType: "TypeName",
  authrole: "RoleSpec",
  base: "CreateStmt",
  bound: "PartitionBoundSpec",
  collClause: "CollateClause",
  constrrel: "RangeVar",
  context_item: "JsonValueExpr",
  cycle_clause: "CTECycleClause",
  datatype: "TypeName",
  expr: "JsonValueExpr",
  extname: "String",
  format: "JsonFormat",
  fromsql: "ObjectWithArgs",
  func: "ObjectWithArgs",
  funccall: "FuncCall",
  grantor: "RoleSpec",
  identitySequence: "RangeVar",
  infer: "InferClause",
  into: "IntoClause",
  intoClause: "IntoClause",
  join_using_alias: "Alias",
  larg: "SelectStmt",
  newowner: "RoleSpec",
  newrole: "RoleSpec",
  ofTypename: "TypeName",
  onConflictClause: "OnConflictClause",
  on_empty: "JsonBehavior",
  on_error: "JsonBehavior",
  opername: "ObjectWithArgs",
  output: "JsonOutput",
  over: "WindowDef",
  owner: "RoleSpec",
  partbound: "PartitionBoundSpec",
  partspec: "PartitionSpec",
  pathspec: "JsonTablePathSpec",
  pktable: "RangeVar",
  pubtable: "PublicationTable",
  rarg: "SelectStmt",
  rel: "RangeVar",
  relation: "RangeVar",
  returnType: "TypeName",
  returning: "JsonReturning",
  returningClause: "ReturningClause",
  role: "RoleSpec",
  search_clause: "CTESearchClause",
  sequence: "RangeVar",
  setstmt: "VariableSetStmt",
  sourcetype: "TypeName",
  storedtype: "TypeName",
  table: "RangeVar",
  targettype: "TypeName",
  tosql: "ObjectWithArgs",
  typeName: "TypeName",
  type_name: "TypeName",
  typevar: "RangeVar",
  user: "RoleSpec",
  value: "JsonValueExpr",
  view: "RangeVar",
  withClause: "WithClause",
};

/** Fields of one name that hold different types in different nodes (and `constructor`, which every object has). */
const byParent: { readonly [field: string]: NodeType } = {
  "JsonObjectAgg.arg": "JsonKeyValue",
  "JsonArrayAgg.arg": "JsonValueExpr",
  "JsonObjectAgg.constructor": "JsonAggConstructor",
  "JsonArrayAgg.constructor": "JsonAggConstructor",
  "CreateOpClassItem.name": "ObjectWithArgs",
  "PartitionCmd.name": "RangeVar",
  "JsonArgument.val": "JsonValueExpr",
  "PLAssignStmt.val": "SelectStmt",
};

/** What stands in this field when it stands without its type; undefined if it never does. */
export function typeOfField(parent: NodeType, field: string): NodeType | undefined {
  switch (field) {
    case "arg":
    case "constructor":
    case "name":
    case "val":
      return byParent[`${parent}.${field}`];
    default:
      return Object.hasOwn(byField, field) ? byField[field] : undefined;
  }
}
