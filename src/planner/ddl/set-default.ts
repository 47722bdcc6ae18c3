// ALTER ROLE, ALTER DATABASE and ALTER SYSTEM .. SET: what new sessions begin with.
import type { AlterDatabaseSetStmt, AlterRoleSetStmt, AlterSystemStmt } from "@pgsql/types";
import type { AllShardsPlan } from "../plan.ts";
import { refuse } from "../refuse.ts";
import { settingValue } from "../set.ts";
import { allShards } from "./all-shards.ts";
import { checkRoles } from "./role.ts";

export function planRoleSet({ role, setstmt }: AlterRoleSetStmt): AllShardsPlan {
  if (role !== undefined) checkRoles([{ RoleSpec: role }]);
  return withDefault(setstmt);
}

export function planDatabaseSet({ setstmt }: AlterDatabaseSetStmt): AllShardsPlan {
  return withDefault(setstmt);
}

/** On these it depends who follows whom, and what a commit waits for: tablet agents set them. */
const ofAgents = new Set(["primary_conninfo", "primary_slot_name", "synchronous_standby_names"]);

export function planSystemSet({ setstmt }: AlterSystemStmt): AllShardsPlan {
  const name = setstmt?.name?.toLowerCase() ?? "";
  if (ofAgents.has(name)) throw refuse("SG050", `ALTER SYSTEM for ${name}`);
  return allShards({ transactional: false, changesCatalog: false });
}

function withDefault(setting: AlterRoleSetStmt["setstmt"]): AllShardsPlan {
  if (setting?.kind !== "VAR_SET_VALUE") return allShards({ changesCatalog: false });
  const name = setting.name?.toLowerCase() ?? "";
  return allShards({ changesCatalog: false, sets: { name, value: settingValue(setting.args) } });
}
