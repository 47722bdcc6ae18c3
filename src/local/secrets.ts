// The passwords of a local cluster: made once, before the first shard, so that all shards begin with the same roles.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../base/app-error.ts";
import { writeFileWhole } from "../base/write-file.ts";
import { makeVerifier } from "../pgwire/scram.ts";
import type { ServerUser } from "./server-user.ts";

export interface Secrets {
  /** Password of role `shardgres`, for gateways. Readable by the owner of the cluster only. */
  readonly adminPasswordFile: string;
  /** The same, readable by the agents: standbys log in at their primary with it. */
  readonly agentPasswordFile: string;
  /** What a tablet agent creates roles from. Readable by the agents only. */
  readonly rolesFile: string;
  /** Password of role `postgres`, if it was made up and is needed. */
  readonly postgresPasswordFile: string | undefined;
}

export interface SecretsOptions {
  readonly authentication: "trust" | "scram-sha-256";
  /** For role `postgres`; undefined: one is made up. Of no account when the cluster exists. */
  readonly postgresPassword: string | undefined;
  /** Who the agents run as. */
  readonly agentUser: ServerUser | undefined;
}

/** Makes what is missing. Throws AppError "no-admin-password" when somebody has removed it. */
export async function ensureSecrets(dataDir: string, options: SecretsOptions): Promise<Secrets> {
  const adminPasswordFile = join(dataDir, "admin-password");
  const rolesFile = join(dataDir, "roles.json");
  const postgresPasswordFile = join(dataDir, "postgres-password");
  if (!existsSync(rolesFile)) {
    const admin = await ensurePassword(adminPasswordFile);
    const postgres =
      options.authentication === "trust"
        ? undefined
        : (options.postgresPassword ?? (await ensurePassword(postgresPasswordFile)));
    const roles = { postgres: postgres === undefined ? null : makeVerifier(postgres), shardgres: makeVerifier(admin) };
    await writeFileWhole(rolesFile, `${JSON.stringify(roles, null, 2)}\n`, { mode: 0o600, owner: options.agentUser });
  }
  if (!existsSync(adminPasswordFile)) {
    throw new AppError("no-admin-password", `${adminPasswordFile} is missing; without it nobody can use the shards`, {
      hint: "Bring it back from a backup, or start anew with --reset, which deletes the data.",
    });
  }
  const agentPasswordFile = await copyForAgents(dataDir, adminPasswordFile, options.agentUser);
  const hasMadeUp = existsSync(postgresPasswordFile);
  const found = hasMadeUp ? postgresPasswordFile : undefined;
  return { adminPasswordFile, agentPasswordFile, rolesFile, postgresPasswordFile: found };
}

/** Agents that run as another user cannot read what is the owner's alone. */
async function copyForAgents(dataDir: string, path: string, owner: ServerUser | undefined): Promise<string> {
  if (!owner) return path;
  const copy = join(dataDir, "agent-password");
  if (!existsSync(copy)) await writeFileWhole(copy, await readFile(path, "utf8"), { mode: 0o600, owner });
  return copy;
}

async function ensurePassword(path: string): Promise<string> {
  if (existsSync(path)) return (await readFile(path, "utf8")).trim();
  const password = randomBytes(24).toString("base64url");
  await writeFileWhole(path, `${password}\n`, { mode: 0o600 });
  return password;
}
