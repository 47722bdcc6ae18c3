// What is refused about distributing tables, SG100 to SG149: a stable code, why, and what to do instead. The planner has
// the same kind of list for statements; docs/sql-support.md is made from both.
import { SqlError } from "../pgwire/sql-error.ts";

export interface DistributionRefusal {
  /** SQLSTATE. */
  readonly sqlstate: string;
  readonly message: string;
  readonly hint: string;
  /** For the docs: one or two sentences, with the reason. */
  readonly why: string;
}

/** `{}` in message and hint stands for arguments of `refuseDistribution`. Codes are never given to another meaning. */
export const distributionRefusals = {
  SG100: {
    sqlstate: "42809",
    message: "{} cannot be distributed",
    hint: "Only ordinary and partitioned tables can be distributed or made reference tables.",
    why: "Views follow the tables that they read; sequences, foreign tables and system catalogs have no rows of their own to place.",
  },
  SG101: {
    sqlstate: "0A000",
    message: "{} tables cannot be distributed",
    hint: "Use a permanent table: ALTER TABLE .. SET LOGGED, or CREATE TABLE without TEMP.",
    why: "A temporary table belongs to one connection of one shard; rows of an unlogged table are in no replication stream, so resharding and failover would lose them.",
  },
  SG102: {
    sqlstate: "0A000",
    message: "{} is a partition",
    hint: "Distribute the partitioned table; its partitions follow.",
    why: "A partitioned table and its partitions share their rows, so they share one shard key.",
  },
  SG103: {
    sqlstate: "0A000",
    message: "{} has inheritance parents or children",
    hint: "Use declarative partitioning (PARTITION BY), or end the inheritance: ALTER TABLE .. NO INHERIT.",
    why: "A query of a parent reads its children too, which may have another shard key or none.",
  },
  SG104: {
    sqlstate: "0A000",
    message: "table {} has rules",
    hint: "Drop the rules, or do their work in a trigger or in the application.",
    why: "A rule rewrites a statement after the gateway has chosen the shard.",
  },
  SG105: {
    sqlstate: "42P16",
    message: "{}",
    hint: "Undistribute it first: SELECT undistribute_table('..').",
    why: "Another shard key moves every row; that is done through an unsharded table, in two explicit steps.",
  },
  SG106: {
    sqlstate: "42P16",
    message: "table {} is not sharded",
    hint: "Only distributed and reference tables can be undistributed.",
    why: "The rows of an unsharded table are on the home shard already.",
  },
  SG107: {
    sqlstate: "0A000",
    message: "column {} cannot be part of a shard key",
    hint: "Use a column of type smallint, integer, bigint, text, varchar, char, uuid, date, timestamp, timestamptz, numeric, bytea or boolean.",
    why: "The gateway computes PostgreSQL's own hash of the value; it knows these built-in types. A domain is named by an object id that differs between shards: use its base type with a CHECK.",
  },
  SG108: {
    sqlstate: "0A000",
    message: 'generated column "{}" cannot be part of a shard key',
    hint: "Use the columns that it is computed from.",
    why: "Its value is known only after the shard has stored the row.",
  },
  SG109: {
    sqlstate: "0A000",
    message: 'column "{}" has a nondeterministic collation',
    hint: "Choose a column with a deterministic collation.",
    why: "Under such a collation values that differ in their bytes are equal, yet they hash differently.",
  },
  SG110: {
    sqlstate: "0A000",
    message: "{} does not contain the whole shard key",
    hint: "Add the shard key's columns to it, or choose a shard key that is part of it.",
    why: "Every shard enforces PRIMARY KEY, UNIQUE and EXCLUDE among its own rows; only if equal values carry equal shard keys does that hold everywhere.",
  },
  SG111: {
    sqlstate: "0A000",
    message: "foreign key {} points from a sharded table to an unsharded one",
    hint: "Before a table is distributed: distribute the referenced one first, by the referenced columns, or make it a reference table. Before a table is undistributed: drop the foreign key.",
    why: "The rows of an unsharded table are on the home shard only, where the other shards cannot look them up.",
  },
  SG112: {
    sqlstate: "0A000",
    message: "foreign key {} points from an unsharded table to a distributed one",
    hint: "Without the foreign key, distribute the referencing table too ({}), then add it again. A table without rows may have it from CREATE TABLE on, while it waits to be distributed. Before a table is undistributed: drop the foreign key.",
    why: "The home shard would look for the referenced rows among its own only. As long as the unsharded table is empty there is nothing to look for: so tables can be made with their foreign keys, and distributed one after the other, the referenced one first.",
  },
  SG113: {
    sqlstate: "0A000",
    message: "foreign key {} does not join the shard keys of both tables",
    hint: "Distribute both tables in one colocation group (colocate_with) and let the foreign key contain the whole shard key, in the same order on both sides; or make the referenced table a reference table.",
    why: "Only then is the referenced row certain to be on the same shard.",
  },
  SG114: {
    sqlstate: "0A000",
    message: "foreign key {} points from a reference table to a table that is not one",
    hint: "Make the referenced table a reference table too, or drop the foreign key.",
    why: "Every shard has all rows of a reference table, so all that they point to must be there too.",
  },
  SG115: {
    sqlstate: "0A000",
    message: "foreign key {} would change the shard key by its ON DELETE or ON UPDATE action",
    hint: "Use NO ACTION, RESTRICT or ON DELETE CASCADE, or ON DELETE SET NULL (columns outside the shard key).",
    why: "The action runs inside one shard; a row with another shard key belongs elsewhere.",
  },
  SG116: {
    sqlstate: "0A000",
    message: "a trigger function cannot do its work on one shard: {}",
    hint: "Drop or disable the trigger, distribute the tables that it uses in the same colocation group, or make those that it reads reference tables.",
    why: "Triggers run on the shard of the row and see the rows of that shard only.",
  },
  SG117: {
    sqlstate: "0A000",
    message: "an expression cannot be evaluated on one shard: {}",
    hint: "Drop it, or let it read reference tables and tables of the same colocation group only.",
    why: "Policies, checks and defaults are evaluated on the shard of the row and see the rows of that shard only.",
  },
  SG118: {
    sqlstate: "0A000",
    message: "cannot colocate with {}",
    hint: "Name a distributed table whose shard key has the same types in the same order, or use 'default' or 'none'.",
    why: "Equal keys are on the same shard only if they hash alike.",
  },
  SG119: {
    sqlstate: "0A000",
    message: 'column "{}" is part of the shard key',
    hint: "Undistribute the table, change the column, and distribute it again.",
    why: "Dropping it or changing its type would leave rows on shards where their key does not belong.",
  },
  SG130: {
    sqlstate: "0A000",
    message: "sequence {} of a smallint column cannot be shared out between shards",
    hint: "Make the column (and its sequence) integer or bigint first.",
    why: "Every shard draws from its own part of the sequence's values; of smallint's 32,767 too few would be left.",
  },
  SG131: {
    sqlstate: "0A000",
    message: "sequence {} cannot be shared out between this many shards",
    hint: "Undistribute the table, make the column and its sequence bigint, and distribute it again.",
    why: "A sequence of integers is shared out between at most 64 shards, one of bigints between 1,024; shards that are gone count too.",
  },
  SG132: {
    sqlstate: "0A000",
    message: "sequence {} begins anew at its end",
    hint: "ALTER SEQUENCE .. NO CYCLE.",
    why: "After a new beginning the values of different shards would no longer be disjoint.",
  },
  SG133: {
    sqlstate: "0A000",
    message: "the default of column {} names its sequence in a text, so that it cannot be found",
    hint: "Write nextval('name') or nextval('name'::regclass) as the default.",
    why: "Sequences of a distributed table are changed so that shards never give the same value.",
  },
  SG125: {
    sqlstate: "0A000",
    message: "{}, so it cannot have rows before it is distributed too",
    hint: "Distribute it now, while it is empty: SELECT {}; or drop the foreign key.",
    why: "The home shard would look for the referenced rows among its own only.",
  },
} as const satisfies Record<string, DistributionRefusal>;

export type DistributionRefusalCode = keyof typeof distributionRefusals;

/** `instead` is for the hint. */
export function refuseDistribution(
  code: DistributionRefusalCode,
  what = "",
  detail?: string,
  instead = what,
): SqlError {
  const { sqlstate, message, hint } = distributionRefusals[code];
  return new SqlError({
    code: sqlstate,
    message: `${message.replace("{}", () => what)} [${code}]`,
    detail,
    hint: hint.replace("{}", () => instead),
  });
}
