// docs/sql-support.md is what the refusals say. SHARDGRES_UPDATE_DOCS=1 (`npm run docs`) writes it anew.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { distributionRefusals } from "../../../src/catalog/refusals.ts";
import { refusals } from "../../../src/planner/refuse.ts";
import { sqlSupportPage } from "../../../src/planner/sql-support-page.ts";

const path = join(import.meta.dirname, "../../../docs/sql-support.md");

test("docs/sql-support.md is up to date: run `npm run docs`", () => {
  if (process.env.SHARDGRES_UPDATE_DOCS === "1") writeFileSync(path, sqlSupportPage());
  expect(readFileSync(path, "utf8")).toBe(sqlSupportPage());
});

test("every refusal says why and what to do instead", () => {
  for (const [code, { message, hint, why }] of Object.entries({ ...refusals, ...distributionRefusals })) {
    expect(code).toMatch(/^SG\d{3}$/);
    expect(message, code).not.toMatch(/\.$/);
    expect(hint, code).toMatch(/\.$/);
    expect(why, code).toMatch(/\.$/);
  }
});

test("no code is used twice", () => {
  const shared = Object.keys(refusals).filter((code) => code in distributionRefusals);
  expect(shared).toEqual([]);
});
