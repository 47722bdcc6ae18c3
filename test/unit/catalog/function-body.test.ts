// What is seen in function bodies: too much rather than too little.
import { describe, expect, test } from "vitest";
import { bodyTokens } from "../../../src/catalog/body-tokens.ts";
import { bodyMentions, functionMentions } from "../../../src/catalog/function-body.ts";
import { catalog, relation, unsharded, userFunction } from "./sample-catalog.ts";

const names = ["users", "orders", "Order Lines", "order", "sales.orders", "status", "café"];
const sample = catalog([
  ...names.map((name) => relation(name, unsharded)),
  relation("order_seq", unsharded, { kind: "sequence" }),
  relation("active", unsharded, { kind: "view", definition: " SELECT id FROM public.users WHERE now() > since;" }),
]);

function mentioned(body: string): string[] {
  return [...bodyMentions(sample, body).relations].map(({ schema, name }) => `${schema}.${name}`).sort();
}

function written(body: string): string[] {
  return [...bodyMentions(sample, body).written].map(({ schema, name }) => `${schema}.${name}`).sort();
}

describe("the names in a body", () => {
  test("are found whatever their case, in every schema that has them", () => {
    expect(mentioned("SELECT * FROM Orders")).toEqual(["public.orders", "sales.orders"]);
    expect(mentioned("SELECT * FROM sales . ORDERS")).toEqual(["sales.orders"]);
    expect(mentioned("SELECT * FROM mydb.sales.orders")).toEqual(["sales.orders"]);
    expect(mentioned("SELECT * FROM café")).toEqual(["public.café"]);
  });
  test("are taken exactly when quoted", () => {
    expect(mentioned('SELECT * FROM "Order Lines", "Orders"')).toEqual(["public.Order Lines"]);
  });
  test("are not found in comments and texts", () => {
    expect(
      mentioned(
        "-- users\n/* orders /* users */ orders */ SELECT 'orders''users', E'\\'users', $$orders$$, $a$users$$ $a$",
      ),
    ).toEqual([]);
  });
  test("are found after a comment or text that only looks open", () => {
    expect(mentioned("SELECT '/*', users.id")).toEqual(["public.users"]);
    expect(mentioned("SELECT 1 /* ' */ FROM users -- '")).toEqual(["public.users"]);
    expect(mentioned("SELECT E'\\\\', a FROM users")).toEqual(["public.users"]);
    expect(mentioned("SELECT $1 FROM users WHERE a = $2")).toEqual(["public.users"]);
  });
  test("do not count as fields of a record, new names, types or reserved words", () => {
    expect(mentioned("NEW.status := (r).status")).toEqual([]);
    expect(mentioned("SELECT a AS status")).toEqual([]);
    expect(mentioned("DECLARE r users%ROWTYPE; s public.users.status%TYPE;")).toEqual([]);
    expect(mentioned("SELECT a ORDER BY b")).toEqual([]);
    expect(mentioned('SELECT a FROM "order"')).toEqual(["public.order"]);
  });
  test("count in a text that is read as a name", () => {
    expect(mentioned("SELECT nextval('order_seq')")).toEqual(["public.order_seq"]);
    expect(mentioned("SELECT count(*) FROM pg_class WHERE oid = 'sales.orders'::regclass")).toEqual(["sales.orders"]);
    expect(mentioned("SELECT regclass 'users'")).toEqual(["public.users"]);
  });
  test("of views stand for what the views read", () => {
    const mentions = bodyMentions(sample, "SELECT * FROM active");
    expect([...mentions.relations].map(({ name }) => name)).toEqual(["users"]);
    expect(mentions.changing).toBe("now");
    expect(written("DELETE FROM active")).toEqual(["public.users"]);
  });
});

test("writes are told from reads", () => {
  expect(written("INSERT INTO users SELECT * FROM orders")).toEqual(["public.users"]);
  expect(written("UPDATE ONLY users SET a = 1")).toEqual(["public.users"]);
  expect(written("DELETE FROM public.users")).toEqual(["public.users"]);
  expect(written("MERGE INTO users USING orders ON true WHEN MATCHED THEN DO NOTHING")).toEqual(["public.users"]);
  expect(written("SELECT id INTO users FROM orders FOR UPDATE OF orders")).toEqual([]);
});

test("dynamic SQL is seen", () => {
  for (const body of [
    "EXECUTE 'select 1'",
    "RETURN QUERY EXECUTE q",
    "FOR r IN EXECUTE q LOOP",
    "DO $$ begin end $$",
    "SELECT query_to_xml('select 1', true, false, '')",
    "SELECT * FROM dblink('x', 'y')",
    "SELECT 'never ends",
    'SELECT U&"\\0075sers"',
  ]) {
    expect(bodyMentions(sample, body).dynamicSql, body).toBe(true);
  }
  for (const body of ["RAISE NOTICE 'EXECUTE'", "INSERT INTO users VALUES (1) ON CONFLICT DO NOTHING"]) {
    expect(bodyMentions(sample, body).dynamicSql, body).toBe(false);
  }
});

test("DDL is seen, and columns with such names are not DDL", () => {
  for (const body of [
    "BEGIN CREATE TEMP TABLE a (b int); END",
    "IF a THEN drop table x; END IF",
    "BEGIN COPY t TO '/x'; END",
  ]) {
    expect(bodyMentions(sample, body).ddl, body).toBe(true);
  }
  for (const body of ["NEW.comment := 'x'", "UPDATE t SET comment = 'a', lock = true", "SELECT comment FROM t"]) {
    expect(bodyMentions(sample, body).ddl, body).toBe(false);
  }
});

test("what changes between shards is named", () => {
  expect(bodyMentions(sample, "NEW.at := now()").changing).toBe("now");
  expect(bodyMentions(sample, "NEW.at := CURRENT_TIMESTAMP").changing).toBe("current_timestamp");
  expect(bodyMentions(sample, "NEW.at := pg_catalog.random()").changing).toBe("random");
  expect(bodyMentions(sample, "NEW.now := lower('A')").changing).toBeUndefined();
});

describe("functions", () => {
  test("are followed into what they call, also in circles", () => {
    const functions = [
      userFunction("a", "BEGIN PERFORM b(); END"),
      userFunction("b", "BEGIN PERFORM a(); PERFORM c(); END"),
      userFunction("c", "SELECT 1 FROM users", { language: "sql" }),
    ];
    const mentions = functionMentions(catalog([...sample.relationsByOid.values()], functions), functions.slice(0, 1));
    expect([...mentions.relations].map(({ name }) => name)).toEqual(["users"]);
    expect([...mentions.functions].map(({ name }) => name).sort()).toEqual(["a", "b", "c"]);
  });
  test("in other languages cannot be looked into, unless compiled or immutable", () => {
    const in_ = (language: string, name = "f") =>
      functionMentions(sample, [userFunction(name, "", { language })]).opaque;
    expect(in_("plpython3u")).toBe("f");
    expect(in_("c")).toBeUndefined();
    expect(in_("c", "check_primary_key")).toBe("check_primary_key");
    const immutable = userFunction("f", "EXECUTE 'x'", { volatility: "immutable" });
    expect(functionMentions(sample, [immutable]).dynamicSql).toBe(false);
  });
});

test("every body can be cut at every character", () => {
  const body = "/* a /* b */ */ select E'\\'x''', 'a''b', $q$ $x$ $q$, \"A\"\"b\", U&'x', 1.5e3, $1, a.b -- c\n from é";
  for (let end = 0; end <= body.length; end++) bodyTokens(body.slice(0, end));
  expect(bodyTokens(body.replace("U&'x', ", "")).at(-1)).toEqual({ kind: "name", text: "é", quoted: false });
});
