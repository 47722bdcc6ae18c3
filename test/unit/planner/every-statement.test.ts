// Whatever PostgreSQL's grammar accepts gets a plan or a clear error, also when all tables in it are sharded.
import { beforeAll, expect, test } from "vitest";
import { SqlError } from "../../../src/pgwire/sql-error.ts";
import { planStatement } from "../../../src/planner/plan-statement.ts";
import { normalize } from "../../../src/sql/normalize.ts";
import { loadParser, parse } from "../../../src/sql/parse.ts";
import { statements } from "../sql/corpus.ts";
import { catalogOf } from "./catalog-of.ts";

const columns = "a bigint not null, b bigint, c text, d timestamptz, e text";
const catalogs = {
  distributed: catalogOf(
    ["t", "u", "v"].map((name) => `distributed ${name}(${columns}) key a group 1 primary a`).join("\n"),
  ),
  reference: catalogOf(["t", "u", "v"].map((name) => `reference ${name}(${columns}) primary a`).join("\n")),
  mixed: catalogOf(`distributed t(${columns}) key a, b group 2\n reference u(${columns})\n unsharded v(${columns})`),
  unsharded: catalogOf(["t", "u", "v"].map((name) => `unsharded ${name}(${columns})`).join("\n")),
};

beforeAll(loadParser);

for (const [kind, catalog] of Object.entries(catalogs)) {
  test.each([false, true])(
    `every statement has a plan or a clear error: tables are ${kind}, keys ignored: %s`,
    (ignoreKeys) => {
      const failures: string[] = [];
      for (const sql of statements) {
        for (const statement of parse(sql)) {
          try {
            planStatement({
              statement,
              normalized: normalize(statement.text),
              catalog,
              searchPath: ["public"],
              temporaryTables: new Set(["w"]),
              parameterTypes: [],
              gatewayRelations: new Map(),
              ignoreKeys,
            });
          } catch (error) {
            if (!(error instanceof SqlError))
              failures.push(`${statement.text}: ${String((error as Error).stack).slice(0, 400)}`);
          }
        }
      }
      expect(failures).toEqual([]);
    },
  );
}
