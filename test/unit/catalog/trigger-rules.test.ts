// What triggers may do on the shard of the row that fires them.
import { describe, expect, test } from "vitest";
import type { Distribution } from "../../../src/catalog/snapshot.ts";
import { checkTriggerFunction, checkTriggers } from "../../../src/catalog/trigger-rules.ts";
import { catalog, distributed, reference, relation, unsharded, userFunction } from "./sample-catalog.ts";

const others = [
  relation("local", unsharded),
  relation("lookup", reference),
  relation("beside", distributed(1, "tenant")),
  relation("elsewhere", distributed(2, "tenant")),
];

/** What is wrong with a trigger with this body on a table so distributed; undefined: nothing. */
function wrong(distribution: Distribution, body: string): string | undefined {
  const own = relation("own", distribution, { triggerFunctions: [{ schema: "public", name: "fire" }] });
  return checkTriggers(catalog([...others, own], [userFunction("fire", body)]), own)?.message;
}

describe("a trigger of a distributed table", () => {
  const own = distributed(1, "tenant");
  test("may use its own row, colocated tables and reference tables", () => {
    expect(wrong(own, "NEW.at := now(); RETURN NEW")).toBeUndefined();
    expect(wrong(own, "UPDATE beside SET n = n + 1 WHERE tenant = NEW.tenant")).toBeUndefined();
    expect(wrong(own, "SELECT x INTO NEW.x FROM lookup")).toBeUndefined();
  });
  test("may not use anything else", () => {
    expect(wrong(own, "INSERT INTO local VALUES (1)")).toBe(
      "a trigger function cannot do its work on one shard: a trigger function of table public.own uses public.local, which is on the home shard only [SG116]",
    );
    expect(wrong(own, "SELECT 1 FROM elsewhere")).toContain("in another colocation group");
    expect(wrong(own, "UPDATE lookup SET x = 1")).toContain("writes on one shard only");
    expect(wrong(own, "EXECUTE format('..')")).toContain("SQL that it makes itself");
    expect(wrong(own, "CREATE TABLE x ()")).toContain("changes the schema");
  });
});

describe("a trigger of a reference table", () => {
  test("gives the same on every shard", () => {
    expect(wrong(reference, "NEW.name := lower(NEW.name)")).toBeUndefined();
    expect(wrong(reference, "INSERT INTO lookup VALUES (NEW.id)")).toBeUndefined();
    expect(wrong(reference, "NEW.at := now()")).toContain("would differ between the copies");
    expect(wrong(reference, "INSERT INTO beside VALUES (1)")).toContain("which is distributed");
  });
});

describe("a trigger of an unsharded table", () => {
  test("may use unsharded tables, and read reference tables", () => {
    expect(wrong(unsharded, "INSERT INTO local SELECT * FROM lookup")).toBeUndefined();
    expect(wrong(unsharded, "UPDATE lookup SET x = 1")).toContain("one shard only");
    expect(wrong(unsharded, "INSERT INTO beside VALUES (1)")).toContain("which is distributed");
  });
  test("may do anything as long as no table is sharded", () => {
    const own = relation("own", unsharded, { triggerFunctions: [{ schema: "public", name: "fire" }] });
    expect(checkTriggers(catalog([own], [userFunction("fire", "EXECUTE 'x'")]), own)).toBeUndefined();
  });
});

test("triggers of the tables that a trigger writes count too", () => {
  const [first, second] = ["first", "second"].map((name) => ({ schema: "public", name }));
  const own = relation("own", distributed(1, "tenant"), { triggerFunctions: [first!] });
  const log = relation("log", distributed(1, "tenant"), { triggerFunctions: [second!] });
  const functions = [userFunction("first", "INSERT INTO log VALUES (1)"), userFunction("second", "DELETE FROM local")];
  expect(checkTriggers(catalog([...others, own, log], functions), own)?.message).toContain("public.local");
});

test("built-in trigger functions touch their own row only", () => {
  const own = relation("own", distributed(1, "tenant"));
  const name = { schema: "pg_catalog", name: "tsvector_update_trigger" };
  expect(checkTriggerFunction(catalog([...others, own]), own, name)).toBeUndefined();
});
