// Finding a relation along the search path, and judging the volatility of stored expressions.
import { expect, test } from "vitest";
import { findRelation } from "../../../src/catalog/snapshot.ts";
import { expressionVolatility } from "../../../src/catalog/volatility.ts";
import { catalog, relation, unsharded } from "./sample-catalog.ts";

const names = ["public.pg_class", "public.tables", "a.t", "b.t", "b.u"];
const sample = catalog(names.map((name) => relation(name, unsharded)));
const find = (path: readonly string[], schema: string | undefined, name: string) => {
  const found = findRelation(sample, path, schema, name);
  return typeof found === "object" ? `${found.schema}.${found.name}` : found;
};

test("a relation is found along the search path", () => {
  expect(find(["a", "b"], undefined, "t")).toBe("a.t");
  expect(find(["nothing", "pg_temp", "b", "a"], undefined, "t")).toBe("b.t");
  expect(find(["a"], undefined, "u")).toBeUndefined();
  expect(find([], "b", "u")).toBe("b.u");
});

test("pg_catalog comes first unless the path names it", () => {
  expect(find(["public"], undefined, "pg_class")).toBe("system");
  expect(find(["public", "pg_catalog"], undefined, "pg_class")).toBe("public.pg_class");
  expect(find([], "pg_catalog", "pg_class")).toBe("system");
});

test("information_schema is searched only where the path names it", () => {
  expect(find(["public"], undefined, "tables")).toBe("public.tables");
  expect(find(["information_schema", "public"], undefined, "tables")).toBe("system");
});

test("an expression is as volatile as the worst in it, and volatile when in doubt", () => {
  const volatilityOf = (oid: number) => (oid === 1 ? "immutable" : oid === 2 ? "stable" : undefined);
  const volatility = (tree: string) => expressionVolatility(tree, volatilityOf);
  expect(volatility("{CONST :consttype 25 :constvalue 5 [ 20 0 0 0 120 ]}")).toBe("immutable");
  expect(volatility("{FUNCEXPR :funcid 1 :args ({OPEXPR :opno 9 :opfuncid 1 :args <>})}")).toBe("immutable");
  expect(volatility("{FUNCEXPR :funcid 1 :args ({FUNCEXPR :funcid 2 :args <>})}")).toBe("stable");
  expect(volatility("{FUNCEXPR :funcid 3 :args <>}")).toBe("volatile");
  expect(volatility("{OPEXPR :opno 9 :opfuncid 0 :args <>}")).toBe("volatile");
  expect(volatility("{SQLVALUEFUNCTION :op 3}")).toBe("stable");
  expect(volatility("{NEXTVALUEEXPR :seqid 5}")).toBe("volatile");
  expect(volatility("{SOMETHINGNEW :x 1}")).toBe("volatile");
  expect(volatility('{ROWEXPR :args <> :colnames ("\\{odd")}')).toBe("immutable");
});
