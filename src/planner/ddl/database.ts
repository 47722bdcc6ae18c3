// Databases and tablespaces: PostgreSQL makes them outside of transactions, so it is done shard by shard and undone where
// one fails.
import type { AlterDatabaseStmt, CreatedbStmt, CreateTableSpaceStmt, DropdbStmt } from "@pgsql/types";
import { quoteIdentifier } from "../../sql/names.ts";
import { optionNamed } from "../definition.ts";
import type { AllShardsPlan } from "../plan.ts";
import { allShards } from "./all-shards.ts";

export function planCreateDatabase({ dbname = "" }: CreatedbStmt): AllShardsPlan {
  return allShards({
    transactional: false,
    undo: `DROP DATABASE IF EXISTS ${quoteIdentifier(dbname)}`,
    changesCatalog: false,
    database: { action: "create", name: dbname },
  });
}

export function planDropDatabase({ dbname = "" }: DropdbStmt): AllShardsPlan {
  return allShards({ transactional: false, changesCatalog: false, database: { action: "drop", name: dbname } });
}

export function planAlterDatabase({ options }: AlterDatabaseStmt): AllShardsPlan {
  return allShards({ transactional: optionNamed(options, "tablespace") === undefined, changesCatalog: false });
}

export function planCreateTablespace({ tablespacename = "" }: CreateTableSpaceStmt): AllShardsPlan {
  const undo = `DROP TABLESPACE IF EXISTS ${quoteIdentifier(tablespacename)}`;
  return allShards({ transactional: false, undo, changesCatalog: false });
}
