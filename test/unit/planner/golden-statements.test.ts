// Plans of statements of every kind, as data: test/golden/plans-utility/*.json. SHARDGRES_UPDATE_GOLDEN=1 writes them anew;
// read the diff.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { SqlError } from "../../../src/pgwire/sql-error.ts";
import { planStatement } from "../../../src/planner/plan-statement.ts";
import { normalize } from "../../../src/sql/normalize.ts";
import { loadParser, parse } from "../../../src/sql/parse.ts";
import { utilityCatalog } from "./utility-catalog.ts";

interface GoldenCase {
  readonly comment: string;
  readonly query: string;
  readonly parameterTypes?: readonly number[];
  readonly temporaryTables?: readonly string[];
  readonly ignoreKeys?: true;
  plan?: unknown;
  error?: string;
}

const folder = join(import.meta.dirname, "../../golden/plans-utility");
const update = process.env.SHARDGRES_UPDATE_GOLDEN === "1";
const catalog = utilityCatalog();

beforeAll(loadParser);

function outcome(golden: GoldenCase): Pick<GoldenCase, "plan" | "error"> {
  try {
    const [statement] = parse(golden.query);
    const plan = planStatement({
      statement: statement!,
      normalized: normalize(statement!.text),
      catalog,
      searchPath: ["public"],
      temporaryTables: new Set(golden.temporaryTables),
      parameterTypes: golden.parameterTypes ?? [],
      gatewayRelations: new Map(),
      ...(golden.ignoreKeys ? { ignoreKeys: true } : {}),
    });
    return { plan: JSON.parse(JSON.stringify(plan)) };
  } catch (error) {
    if (error instanceof SqlError) {
      const { code, message, position } = error.fields;
      return { error: `${code} ${message}${position === undefined ? "" : ` at ${position}`}` };
    }
    throw error;
  }
}

for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
  const path = join(folder, file);
  const cases = JSON.parse(readFileSync(path, "utf8")) as GoldenCase[];
  describe(file, () => {
    for (const golden of cases) {
      test(golden.comment, () => {
        const actual = outcome(golden);
        if (update) {
          delete golden.plan;
          delete golden.error;
          Object.assign(golden, actual);
          writeFileSync(path, `${JSON.stringify(cases, null, 2)}\n`);
          return;
        }
        expect(actual).toEqual({
          ...(golden.plan === undefined ? {} : { plan: golden.plan }),
          ...(golden.error === undefined ? {} : { error: golden.error }),
        });
      });
    }
  });
}
