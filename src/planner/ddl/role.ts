// CREATE and ALTER ROLE. A password must become the same SCRAM verifier on every shard, or the gateway could not pass
// authentication through; the plan says where it stands.
import type { AlterRoleStmt, CreateRoleStmt, DropRoleStmt, Node } from "@pgsql/types";
import { byteOffsets } from "../../sql/byte-offsets.ts";
import { lex } from "../../sql/lexer.ts";
import { TokenKind } from "../../sql/token-kind.ts";
import { nodeOf } from "../../sql/walk.ts";
import { optionNamed, optionText } from "../definition.ts";
import type { AllShardsPlan } from "../plan.ts";
import { refuse } from "../refuse.ts";
import { allShards } from "./all-shards.ts";

export function planRole(statement: CreateRoleStmt | AlterRoleStmt, text: string): AllShardsPlan {
  const password = passwordPlace(statement.options, text);
  return allShards({ changesCatalog: false, ...(password === undefined ? {} : { password }) });
}

export function planDropRole(statement: DropRoleStmt): AllShardsPlan {
  checkRoles(statement.roles);
  return allShards({ changesCatalog: false });
}

/** Throws SG073 if the gateway's own role is among them. */
export function checkRoles(roles: readonly Node[] | undefined): void {
  const isOurs = (roles ?? []).some((node) => nodeOf(node, "RoleSpec")?.rolename === "shardgres");
  if (isOurs) throw refuse("SG073", "role shardgres");
}

/** What PostgreSQL stores as it is (get_password_type() of crypt.c). */
const verifier = /^(md5[0-9a-f]{32}|SCRAM-SHA-256\$\d+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+)$/;

function passwordPlace(options: readonly Node[] | undefined, text: string): AllShardsPlan["password"] {
  const option = optionNamed(options, "password");
  const password = optionText(option);
  // An empty password means none.
  if (option === undefined || password === undefined || password === "" || verifier.test(password)) return undefined;
  const from = byteOffsets(text).toUtf16(option.location ?? 0);
  const tokens = lex(text);
  for (let index = 0; tokens !== undefined && index < tokens.count; index++) {
    const start = tokens.starts[index]!;
    const end = tokens.ends[index]!;
    if (start >= from && isString(tokens.kinds[index]!)) return { start, end, text: password };
  }
  throw refuse("SG050", "this way to write a password");
}

function isString(kind: number): boolean {
  return kind === TokenKind.string || kind === TokenKind.escapeString || kind === TokenKind.dollarString;
}
