// The roles that a new PostgreSQL begins with. Every shard of a cluster gets the same verifiers, with the same salt:
// only then can a gateway pass on the proof of a client's password.
import { readFile } from "node:fs/promises";
import { AppError } from "../../src/base/app-error.ts";
import { type Json, parseJson } from "../../src/base/json.ts";

/** All of them are superusers. */
export interface Role {
  readonly name: string;
  /** `SCRAM-SHA-256$...`; undefined: it has no password. */
  readonly verifier: string | undefined;
}

/** The superuser that initdb makes. */
const bootstrapRole = "postgres";

/** Reads `{"postgres": null, "shardgres": "SCRAM-SHA-256$..."}`. Throws AppError "invalid-roles". */
export async function readRoles(path: string): Promise<Role[]> {
  const invalid = (cause?: unknown) =>
    new AppError("invalid-roles", `${path} does not hold the roles of a new PostgreSQL`, { cause });
  let value: Json;
  try {
    value = parseJson(await readFile(path, "utf8"), path);
  } catch (cause) {
    throw invalid(cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid();
  return Object.entries(value).map(([name, verifier]) => {
    if (verifier === null) return { name, verifier: undefined };
    if (typeof verifier !== "string" || !/^SCRAM-SHA-256\$[\w+/=:$]+$/.test(verifier)) throw invalid();
    return { name, verifier };
  });
}

/** One line each, as single-user mode wants them. */
export function roleStatements(roles: readonly Role[]): string[] {
  return roles.map(({ name, verifier }) => {
    const verb = name === bootstrapRole ? "ALTER" : "CREATE";
    const password = verifier === undefined ? "PASSWORD NULL" : `PASSWORD '${verifier}'`;
    return `${verb} ROLE "${name.replaceAll('"', '""')}" SUPERUSER LOGIN ${password}`;
  });
}
