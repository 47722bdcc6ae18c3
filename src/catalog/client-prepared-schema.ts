// What the schema `shardgres` has for transactions that clients prepare themselves (src/transaction/prepare-by-client.ts).
// Their origin is `c-<xid at home>_<time>`, each its own; their number is always 1.

/**
 * decide_unless_prepared: as decide, but it does not wait for a record that is not committed yet: 'prepared' when the part
 * that has it is prepared here, 'in progress' when it is about to be.
 *
 * forget_client_transactions deletes what has been closed for so long, except for the origins that some shard does not
 * know to be closed.
 */
export const clientPreparedSchemaSql = `
create or replace function shardgres.decide_unless_prepared(asked text) returns text
language plpgsql set search_path = pg_catalog, pg_temp set lock_timeout = '100ms'
as $$
begin
  perform shardgres.check_gid(asked);
  if exists (
    select from pg_catalog.pg_prepared_xacts p
    where 'c-' || p.transaction::text = split_part(asked, '_', 3)
  ) then
    return 'prepared';
  end if;
  return shardgres.decide(asked);
exception when lock_not_available then
  return 'in progress';
end
$$;
revoke all on function shardgres.decide_unless_prepared(text) from public;

create or replace function shardgres.forget_client_transactions(open_somewhere text[], older_than interval) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
  with gone as (
    delete from shardgres.origins o
      where starts_with(o.origin, 'c-') and o.closed >= 1 and o.origin <> all (open_somewhere)
        and o.announced_at < clock_timestamp() - older_than
      returning o.origin
  )
  delete from shardgres.commits c using gone where c.origin = gone.origin
$$;
revoke all on function shardgres.forget_client_transactions(text[], interval) from public;
`;
