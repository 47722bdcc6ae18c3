// Where gateways tell each other of their waiting sessions: a table in database postgres of the home shard, unlogged,
// since it is about what waits now. Only superusers (the gateways' own role) read or write it.
import { schemaSql } from "./metadata-schema.ts";

/** Makes it where it is not there yet; run by a superuser, as one simple query. */
export const waitSchemaSql = `${schemaSql}
create unlogged table if not exists shardgres.waits (
  gateway text primary key,
  actors jsonb not null,
  published_at timestamptz not null
);
revoke all on shardgres.waits from public;
`;

/** $1: gateway, $2: what it has to tell, as JSON. */
export const publishWaitsSql = `
insert into shardgres.waits (gateway, actors, published_at) values ($1, $2, clock_timestamp())
on conflict (gateway) do update set actors = excluded.actors, published_at = excluded.published_at`;

/** Also clears away what gateways that are gone have left. $1: gateway. */
export const withdrawWaitsSql = `
delete from shardgres.waits where gateway = $1 or published_at < clock_timestamp() - interval '1 hour'`;

/** What the other gateways tell. A gateway that lives renews its row every few seconds. $1: gateway. */
export const waitsOfOthersSql = `
select actors from shardgres.waits
where gateway <> $1 and published_at > clock_timestamp() - interval '15 s' order by gateway`;
