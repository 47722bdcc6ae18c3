// The table of foreign keys between unsharded, reference and distributed tables, and their actions.
import { describe, expect, test } from "vitest";
import { checkForeignKey, type ForeignKeyActions, refusePendingWrite } from "../../../src/catalog/foreign-key-rules.ts";
import { distributed, reference, relation, unsharded } from "./sample-catalog.ts";

const tables = {
  unsharded: relation("u", unsharded),
  reference: relation("r", reference),
  distributed: relation("d", distributed(1, "tenant")),
};
const colocated = relation("c", distributed(1, "id"));
const elsewhere = relation("e", distributed(2, "tenant"));

type Kind = keyof typeof tables;

function code(...parameters: Parameters<typeof checkForeignKey>): string | undefined {
  return /\[(SG\d+)\]$/.exec(checkForeignKey(...parameters)?.message ?? "")?.[1];
}

const matrix: readonly (readonly [Kind, Kind, string | undefined])[] = [
  ["unsharded", "unsharded", undefined],
  ["unsharded", "reference", undefined],
  ["unsharded", "distributed", "SG112"],
  ["reference", "unsharded", "SG114"],
  ["reference", "reference", undefined],
  ["reference", "distributed", "SG114"],
  ["distributed", "unsharded", "SG111"],
  ["distributed", "reference", undefined],
  ["distributed", "distributed", undefined],
];

test.each(matrix)("a foreign key from %s to %s: %s", (from, to, expected) => {
  expect(code(tables[from], ["tenant"], tables[to], ["tenant"])).toBe(expected);
});

test("an empty table's foreign key to a distributed table waits for it to be distributed too", () => {
  const { unsharded: empty, distributed: target } = tables;
  expect(code(empty, ["tenant"], target, ["tenant"], undefined, "fk", true)).toBeUndefined();
  expect(code(tables.reference, ["tenant"], target, ["tenant"], undefined, "fk", true)).toBe("SG114");
  const error = refusePendingWrite({ table: "public.orders", to: "public.o'k", columns: ["a", "b"] });
  expect(error.fields.message).toBe(
    "table public.orders, which is not sharded, has a foreign key to sharded table public.o'k, so it cannot have rows before it is distributed too [SG125]",
  );
  expect(error.fields.hint).toBe(
    "Distribute it now, while it is empty: SELECT create_distributed_table('public.orders', 'a, b', colocate_with => 'public.o''k'); or drop the foreign key.",
  );
});

describe("between distributed tables", () => {
  test("the group must be the same", () => {
    expect(code(elsewhere, ["tenant"], tables.distributed, ["tenant"])).toBe("SG113");
  });
  test("the key columns must be joined with each other", () => {
    expect(code(colocated, ["id"], tables.distributed, ["tenant"])).toBeUndefined();
    expect(code(colocated, ["tenant"], tables.distributed, ["tenant"])).toBe("SG113");
    expect(code(colocated, ["tenant", "id"], tables.distributed, ["tenant", "id"])).toBe("SG113");
    expect(code(colocated, ["tenant", "id"], tables.distributed, ["id", "tenant"])).toBeUndefined();
  });
  test("a table may point to itself with its key", () => {
    const { distributed: self } = tables;
    expect(code(self, ["tenant", "parent"], self, ["tenant", "id"])).toBeUndefined();
    expect(code(self, ["parent"], self, ["id"])).toBe("SG113");
  });
  test("keys of several columns are joined in the same order", () => {
    const a = relation("a", distributed(3, "x", "y"));
    const b = relation("b", distributed(3, "p", "q"));
    expect(code(a, ["y", "x"], b, ["q", "p"])).toBeUndefined();
    expect(code(a, ["x", "y"], b, ["q", "p"])).toBe("SG113");
    expect(code(a, ["x"], b, ["p"])).toBe("SG113");
  });
});

describe("an action", () => {
  const from = tables.distributed;
  const on = (changes: Partial<ForeignKeyActions>): ForeignKeyActions => ({
    onDelete: "no action",
    onUpdate: "no action",
    ...changes,
  });
  test("must not change the shard key", () => {
    expect(code(from, ["tenant"], tables.reference, ["id"], on({ onDelete: "set null" }))).toBe("SG115");
    expect(code(from, ["tenant"], tables.reference, ["id"], on({ onUpdate: "cascade" }))).toBe("SG115");
    expect(code(from, ["tenant", "p"], from, ["tenant", "id"], on({ onDelete: "set default" }))).toBe("SG115");
    expect(code(from, ["tenant", "p"], from, ["tenant", "id"], on({ onUpdate: "set null" }))).toBe("SG115");
  });
  test("may change other columns, and delete rows", () => {
    const setOthers = on({ onDelete: "set null", onDeleteColumns: ["p"] });
    expect(code(from, ["tenant", "p"], from, ["tenant", "id"], setOthers)).toBeUndefined();
    expect(code(from, ["id"], tables.reference, ["id"], on({ onDelete: "set null" }))).toBeUndefined();
    expect(code(from, ["tenant"], tables.reference, ["id"], on({ onDelete: "cascade" }))).toBeUndefined();
    expect(code(from, ["tenant", "p"], from, ["tenant", "id"], on({ onUpdate: "cascade" }))).toBeUndefined();
  });
});

test("the error names the foreign key and both tables", () => {
  const error = checkForeignKey(tables.unsharded, ["a"], tables.distributed, ["b"], undefined, '"u_fk"');
  expect(error?.fields).toMatchObject({
    code: "0A000",
    message: 'foreign key "u_fk" of public.u to public.d points from an unsharded table to a distributed one [SG112]',
  });
});
