// Which tables may be distributed, made reference tables or undistributed, and what later DDL may do to them.
import { describe, expect, test } from "vitest";
import type { DistributionFacts } from "../../../src/catalog/distribution-facts.ts";
import { type DistributionRequest, decideDistribution } from "../../../src/catalog/distribution-rules.ts";
import { distributionRefusals } from "../../../src/catalog/refusals.ts";
import { registerTableSql } from "../../../src/catalog/register-table.ts";
import type { Relation } from "../../../src/catalog/snapshot.ts";
import {
  columnIsShardKey,
  constraintNeedsShardKey,
  inheritanceIsRefused,
} from "../../../src/catalog/table-ddl-rules.ts";
import { oid } from "../../../src/pgwire/oid.ts";
import { SqlError } from "../../../src/pgwire/sql-error.ts";
import { catalog, column, distributed, reference, relation, unsharded } from "./sample-catalog.ts";

const columns = [
  column("id"),
  column("tenant", { typeOid: oid.int4 }),
  column("name", { typeOid: oid.text, typeName: "text" }),
  column("Odd, one"),
  column("area", { typeOid: 600, typeName: "point" }),
  column("twice", { generated: true }),
];
const table = relation("orders", unsharded, { columns });
const others = [
  relation("textual", { ...distributed(1, "name"), types: ["text"] } as Relation["distribution"], { columns }),
  relation("numbers7", distributed(7, "id")),
  relation("numbers3", distributed(3, "id")),
  relation("lookup", reference),
];

function decide(request: DistributionRequest, changes: Partial<DistributionFacts> = {}, own: Relation = table) {
  const facts: DistributionFacts = {
    relation: own.oid,
    name: own.name,
    colocateWith: null,
    persistence: "p",
    isPartition: false,
    inherits: false,
    nondeterministicColumns: [],
    uniqueIndexes: [],
    foreignKeys: [],
    expressions: [],
    withoutReplicaIdentity: [],
    filledReferences: [],
    nextColocationGroup: 9,
    ...changes,
  };
  return decideDistribution(catalog([own, ...others]), facts, request).distribution;
}

function distribute(shardKey: string, changes: Partial<DistributionFacts> = {}, colocateWith?: string) {
  return decide({ action: "distribute", shardKey, colocateWith }, changes);
}

function fails(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return /\[(SG\d+)\]$/.exec(error.message)?.[1] ?? error.fields.code;
  }
  return "allowed";
}

describe("the shard key", () => {
  test("is read as names are, or exactly as a column is called", () => {
    const key = (text: string) => {
      const distribution = distribute(text);
      return distribution.kind === "distributed" ? distribution.shardKey : [];
    };
    expect(key("tenant")).toEqual(["tenant"]);
    expect(key(" TENANT , id ")).toEqual(["tenant", "id"]);
    expect(key('"Odd, one",id')).toEqual(["Odd, one", "id"]);
    expect(fails(() => key('"TENANT"'))).toBe("42703");
    expect(fails(() => key("nothing"))).toBe("42703");
    expect(fails(() => key("id, ID"))).toBe("42701");
    expect(fails(() => key(""))).toBe("22023");
  });
  test("must be of types that hash alike everywhere", () => {
    expect(fails(() => distribute("area"))).toBe("SG107");
    expect(fails(() => distribute("twice"))).toBe("SG108");
    expect(fails(() => distribute("name", { nondeterministicColumns: ["name"] }))).toBe("SG109");
  });
});

describe("the colocation group", () => {
  test("is by default the lowest with the same types of key", () => {
    expect(distribute("tenant")).toMatchObject({ colocationGroup: 3, types: ["integer"] });
    expect(distribute("tenant, name")).toMatchObject({ colocationGroup: 9, types: ["integer", "text"] });
    expect(distribute("id", {}, "default")).toMatchObject({ colocationGroup: 3 });
  });
  test("is a new one, or another table's, when asked for", () => {
    expect(distribute("id", {}, "none")).toMatchObject({ colocationGroup: 9 });
    const [textual, numbers7, , lookup] = others.map((other) => other.oid);
    expect(distribute("id", { colocateWith: numbers7! }, "numbers7")).toMatchObject({ colocationGroup: 7 });
    expect(fails(() => distribute("id", { colocateWith: textual! }, "textual"))).toBe("SG118");
    expect(fails(() => distribute("id", { colocateWith: lookup! }, "lookup"))).toBe("SG118");
  });
});

test("only permanent tables without ties to other tables are distributed", () => {
  expect(fails(() => distribute("id", { persistence: "t" }))).toBe("SG101");
  expect(fails(() => distribute("id", { persistence: "u" }))).toBe("SG101");
  expect(fails(() => distribute("id", { isPartition: true }))).toBe("SG102");
  expect(fails(() => distribute("id", { inherits: true }))).toBe("SG103");
  expect(fails(() => distribute("id", { relation: 1259 }))).toBe("SG100");
  const reference = { action: "reference" } as const;
  expect(fails(() => decide(reference, {}, relation("v", unsharded, { kind: "view" })))).toBe("SG100");
  expect(fails(() => decide(reference, {}, relation("r", unsharded, { hasRules: true })))).toBe("SG104");
  expect(fails(() => decide(reference, {}, relation("shardgres.tables", unsharded)))).toBe("SG100");
});

test("a table is sharded once, and undistributed only when it is sharded", () => {
  expect(fails(() => decide({ action: "reference" }, {}, relation("d", distributed(1, "id"))))).toBe("SG105");
  expect(fails(() => decide({ action: "reference" }, {}, relation("d", reference)))).toBe("SG105");
  expect(fails(() => decide({ action: "undistribute" }))).toBe("SG106");
  expect(decide({ action: "undistribute" }, {}, relation("d", reference))).toEqual(unsharded);
});

test("unique indexes must contain the shard key, except in a reference table", () => {
  const uniqueIndexes = [{ name: "orders_pkey", table: table.oid, columns: ["id"] }];
  expect(fails(() => distribute("tenant", { uniqueIndexes }))).toBe("SG110");
  expect(fails(() => distribute("id", { uniqueIndexes }))).toBe("allowed");
  expect(fails(() => decide({ action: "reference" }, { uniqueIndexes }))).toBe("allowed");
});

test("foreign keys are judged by how the tables will be", () => {
  const [, , numbers3, lookup] = others;
  const foreignKey = (from: Relation, to: Relation) => [
    {
      name: "fk",
      from: from.oid,
      fromColumns: ["id"],
      to: to.oid,
      toColumns: ["id"],
      onDelete: "a",
      onUpdate: "a",
      onDeleteColumns: null,
    },
  ];
  expect(fails(() => distribute("id", { foreignKeys: foreignKey(table, numbers3!) }))).toBe("allowed");
  expect(fails(() => distribute("tenant", { foreignKeys: foreignKey(table, numbers3!) }))).toBe("SG113");
  expect(fails(() => distribute("id", { foreignKeys: foreignKey(table, lookup!) }))).toBe("allowed");
  expect(fails(() => distribute("id", { foreignKeys: foreignKey(lookup!, table) }))).toBe("SG114");
  expect(fails(() => decide({ action: "reference" }, { foreignKeys: foreignKey(table, numbers3!) }))).toBe("SG114");
});

test("policies and other expressions must see all they read", () => {
  const [, numbers7, numbers3] = others;
  const expressions = (other: Relation) => [
    { name: 'policy "p"', table: table.oid, relations: [other.oid], functions: [] },
  ];
  expect(fails(() => distribute("id", { expressions: expressions(numbers7!) }))).toBe("SG117");
  expect(fails(() => distribute("id", { expressions: expressions(numbers3!) }))).toBe("allowed");
});

describe("later DDL on a distributed table", () => {
  const own = relation("d", distributed(1, "tenant", "id"));
  test("keeps unique constraints within shards", () => {
    expect(constraintNeedsShardKey(own, ["id", "x", "tenant"])).toBeUndefined();
    expect(constraintNeedsShardKey(own, ["id"])?.message).toBe(
      "a unique constraint or index of table public.d does not contain the whole shard key [SG110]",
    );
    expect(constraintNeedsShardKey(table, ["id"])).toBeUndefined();
  });
  test("leaves the shard key alone", () => {
    expect(columnIsShardKey(own, "tenant")?.message).toContain("SG119");
    expect(columnIsShardKey(own, "x")).toBeUndefined();
    expect(inheritanceIsRefused(own)?.message).toContain("SG103");
    expect(inheritanceIsRefused(table)).toBeUndefined();
  });
});

test("the statement that records a distribution quotes whatever names there are", () => {
  const odd = { schema: 'a"b', name: "o'\\clock" };
  expect(registerTableSql(odd, distributed(2, "it's"))).toBe(
    `select shardgres.register_table( E'"a""b"."o''\\\\clock"'::pg_catalog.regclass, 'distributed', array[ E'it''s']::text[], array[ E'integer']::text[], 2)`,
  );
  expect(registerTableSql(odd, unsharded)).toContain("unregister_table");
});

test("refusals have their own codes and end like PostgreSQL's messages", () => {
  for (const [code, { message, hint, why }] of Object.entries(distributionRefusals)) {
    expect(code).toMatch(/^SG1[0-4]\d$/);
    expect(message).not.toMatch(/\.$/);
    expect(hint).toMatch(/\.$/);
    expect(why).toMatch(/\.$/);
  }
});
