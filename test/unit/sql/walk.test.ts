// Walking over trees, and changing them without changing the old ones.
import type { Node } from "@pgsql/types";
import { beforeAll, describe, expect, test } from "vitest";
import { deparse } from "../../../src/sql/deparse.ts";
import { loadParser, parse } from "../../../src/sql/parse.ts";
import { rewrite, rewriteBelow } from "../../../src/sql/rewrite.ts";
import { nodeOf, walk } from "../../../src/sql/walk.ts";
import { statements } from "./corpus.ts";

beforeAll(loadParser);

function treeOf(text: string): Node {
  return parse(text)[0]!.tree;
}

describe("walk", () => {
  test("visits every node, also those that stand without their type, parents first and in order", () => {
    const types: string[] = [];
    walk(treeOf("insert into t select a, f(1) from u union select 2 from v as w"), (type) => {
      types.push(type);
      return undefined;
    });
    expect(types.join(" ")).toBe(
      "InsertStmt RangeVar SelectStmt SelectStmt ResTarget ColumnRef String ResTarget FuncCall String A_Const RangeVar " +
        "SelectStmt ResTarget A_Const RangeVar Alias",
    );
  });

  test("leaves out what is below a node that is skipped", () => {
    const tables: unknown[] = [];
    walk(treeOf("select * from a, (select * from b) s where exists (select 1 from c)"), (type, node) => {
      if (type === "RangeVar") tables.push((node as { relname?: string }).relname);
      return type === "SubLink" || type === "RangeSubselect" ? "skip" : undefined;
    });
    expect(tables).toEqual(["a"]);
  });

  test("meets every field of the trees of the written statements: no name of a table is missed", () => {
    for (const text of statements) {
      const tree = treeOf(text);
      const written = JSON.stringify(tree).match(/"relname":/g)?.length ?? 0;
      let met = 0;
      walk(tree, (_type, node) => {
        if ("relname" in node) met++;
        return undefined;
      });
      expect(met, text).toBe(written);
    }
  });

  test("knows the type of everything in the trees of the written statements", () => {
    for (const text of statements) {
      const seen = new Set<unknown>();
      const tree = treeOf(text);
      walk(tree, (_type, node) => {
        seen.add(node);
        return undefined;
      });
      for (const [path, object] of insides(tree, "")) expect(seen.has(object), `${text}: ${path}`).toBe(true);
    }
  });

  test("takes trees of any depth", () => {
    let count = 0;
    walk(treeOf(`select ${"not ".repeat(4_000)}true`), () => {
      count++;
      return undefined;
    });
    expect(count).toBeGreaterThan(4_000);
  });
});

describe("rewrite", () => {
  test("shares all that does not change, and changes nothing in place", () => {
    const tree = treeOf("select a, (select b from u) from t where c = 1");
    const before = JSON.stringify(tree);
    const renamed = rewrite(tree, (node) => {
      const table = nodeOf(node, "RangeVar");
      return table?.relname === "u" ? { RangeVar: { ...table, relname: "v" } } : undefined;
    });
    expect(deparse(renamed)).toBe("SELECT a, (SELECT b FROM v) FROM t WHERE c = 1");
    expect(JSON.stringify(tree)).toBe(before);
    expect(nodeOf(renamed, "SelectStmt")!.whereClause).toBe(nodeOf(tree, "SelectStmt")!.whereClause);
    expect(nodeOf(renamed, "SelectStmt")!.fromClause).toBe(nodeOf(tree, "SelectStmt")!.fromClause);
  });

  test("gives the tree itself back when there is nothing to change", () => {
    for (const text of statements) {
      const tree = treeOf(text);
      expect(
        rewrite(tree, () => undefined),
        text,
      ).toBe(tree);
    }
  });

  test("reaches nodes that stand without their type", () => {
    const rename = (node: Node): Node | undefined => {
      const table = nodeOf(node, "RangeVar");
      return table && { RangeVar: { ...table, relname: `${table.relname}_1` } };
    };
    expect(deparse(rewrite(treeOf("insert into t select 1 from u"), rename))).toBe("INSERT INTO t_1 SELECT 1 FROM u_1");
    expect(deparse(rewrite(treeOf("delete from t using u"), rename))).toBe("DELETE FROM t_1 USING u_1");
    expect(deparse(rewrite(treeOf("select 1 from a union select 2 from b"), rename))).toBe(
      "SELECT 1 FROM a_1 UNION SELECT 2 FROM b_1",
    );
  });

  test("a node without its type cannot become one of another type", () => {
    const tree = treeOf("insert into t select 1");
    expect(() => rewrite(tree, (node) => ("RangeVar" in node ? { A_Star: {} } : undefined))).toThrow(
      "a RangeVar can only be replaced by another RangeVar",
    );
  });

  test("below a node does not give the node itself", () => {
    const tree = treeOf("select (select 1)");
    const replace = (node: Node): Node | undefined => ("SelectStmt" in node ? treeOf("select 2") : undefined);
    expect(deparse(rewriteBelow(tree, replace))).toBe("SELECT (SELECT 2)");
  });

  test("trees that are too deep are an error with a code", () => {
    expect(() => rewrite(treeOf(`select ${"not ".repeat(4_900)}true`), () => undefined)).toThrow(
      "stack depth limit exceeded",
    );
  });
});

/** All objects of a tree that are the inside of a node: with fields in small letters. */
function* insides(value: unknown, path: string): Generator<[string, object]> {
  if (typeof value !== "object" || value === null) return;
  for (const [key, below] of Object.entries(value)) {
    if (typeof below !== "object" || below === null) continue;
    const isList = Array.isArray(below) || Array.isArray(value);
    const isConstant = path.endsWith(".A_Const");
    if (!isList && !isConstant && !/^[A-Z]/.test(Object.keys(below)[0] ?? "A")) yield [`${path}.${key}`, below];
    yield* insides(below, `${path}.${key}`);
  }
}
