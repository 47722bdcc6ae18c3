// The part of the schema `shardgres` that distributed transactions need, in every shard's database: who has committed
// what, and what is known to be finished. docs/transactions.md tells how these are used.
//
//   commits         one row for each distributed transaction that has written here, committed together with its data:
//                   a snapshot shows the row exactly when it shows the data. On the keeper it is the decision. A row with
//                   outcome 'aborted' has taken a transaction's place, so that it can never be committed.
//   origins         one row for each run of a gateway. Its transactions up to `closed` are finished on every shard; up to
//                   `unlisted` readers do not look at them any more: what `closed` was before, so that a reader who comes
//                   upon a shard just before and on another just after an announcement still finds all that he has to
//                   compare. Rows up to `pruned` may have been deleted.
//   cluster_secret  the same on all shards; proves that a record comes from a gateway. Nobody else may read it.

/** `closed` of an origin that has been retired. */
export const retiredClosed = Number.MAX_SAFE_INTEGER;

const tablesSql = `
create table if not exists shardgres.commits (
  origin text not null,
  number bigint not null,
  gid text not null,
  participants text[] not null,
  outcome text not null check (outcome in ('committed', 'aborted')),
  recorded_at timestamptz not null default clock_timestamp(),
  primary key (origin, number)
);

create table if not exists shardgres.origins (
  origin text primary key,
  closed bigint not null,
  unlisted bigint not null default 0,
  pruned bigint not null default 0,
  announced_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

create table if not exists shardgres.cluster_secret (
  only_one boolean primary key default true check (only_one),
  secret text not null
);

revoke all on shardgres.commits, shardgres.origins, shardgres.cluster_secret from public;
grant select on shardgres.commits, shardgres.origins to public;
`;

/** Where a gid has what: sg_<cluster>_<gateway>_<epoch>_<number>_<keeper>. */
const gidSql = `
create or replace function shardgres.gid_origin(gid text) returns text
language sql immutable strict set search_path = pg_catalog, pg_temp
as $$ select split_part(gid, '_', 3) || '_' || split_part(gid, '_', 4) $$;

create or replace function shardgres.gid_number(gid text) returns bigint
language sql immutable strict set search_path = pg_catalog, pg_temp
as $$ select split_part(gid, '_', 5)::bigint $$;

create or replace function shardgres.check_gid(gid text) returns void
language plpgsql immutable set search_path = pg_catalog, pg_temp
as $$
begin
  if gid is null or length(gid) >= 200 or gid !~ '^sg(_[A-Za-z0-9.-]+){3}_[0-9]{1,15}_[A-Za-z0-9.-]+$' then
    raise exception 'not the id of a distributed transaction: %', quote_nullable(gid)
      using errcode = 'invalid_parameter_value';
  end if;
end
$$;
`;

/**
 * record_commit is called by every participant's own role; the code shows that it is the gateway that calls. The decision
 * must be durable when COMMIT returns, whatever the session has set.
 */
const recordSql = `
create or replace function shardgres.record_commit(gid text, participants text[], code text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
  if code is distinct from (
    select encode(sha256(convert_to(concat_ws(' ', s.secret, gid, array_to_string(participants, ',')), 'UTF8')), 'hex')
    from shardgres.cluster_secret s
  ) then
    raise exception 'only a gateway of Shardgres records a commit' using errcode = 'insufficient_privilege';
  end if;
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  insert into shardgres.commits (origin, number, gid, participants, outcome)
    values (shardgres.gid_origin(gid), shardgres.gid_number(gid), gid, participants, 'committed');
end
$$;
`;

/**
 * decide: asked on the keeper, it says for ever what becomes of a transaction: 'committed' or 'aborted'. Where its record is
 * not committed yet, the insert waits for it; where there is none, the abort record takes its place. 'unknown': so long
 * ago that the record may have been deleted.
 *
 * For ever: a record that was there already may be one that no standby has (its COMMIT was broken off while it waited for
 * them). So something is written in any case, whose own commit waits for them. Sessions that wait there cannot be given up,
 * and keep their lock: there are few such locks, and whoever asks has a lock_timeout.
 */
const decideSql = `
create or replace function shardgres.decide(asked text) returns text
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  found_outcome text;
begin
  perform shardgres.check_gid(asked);
  found_outcome := shardgres.transaction_status(asked);
  if found_outcome = 'in progress' or (found_outcome = 'unknown' and not exists (
      select from shardgres.origins o where o.origin = shardgres.gid_origin(asked)
    )) then
    insert into shardgres.commits (origin, number, gid, participants, outcome)
      values (shardgres.gid_origin(asked), shardgres.gid_number(asked), asked, '{}', 'aborted')
      on conflict do nothing;
    found_outcome := shardgres.transaction_status(asked);
  end if;
  perform set_config('synchronous_commit', 'on', true);
  perform pg_advisory_xact_lock(7308332, hashtext(asked) & 7);
  perform pg_logical_emit_message(true, 'shardgres', 'acknowledge this');
  return found_outcome;
end
$$;
revoke all on function shardgres.decide(text) from public;

create or replace function shardgres.transaction_status(asked text) returns text
language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
declare
  found_outcome text;
  known shardgres.origins;
begin
  perform shardgres.check_gid(asked);
  select c.outcome into found_outcome from shardgres.commits c
    where c.origin = shardgres.gid_origin(asked) and c.number = shardgres.gid_number(asked);
  if found then
    return found_outcome;
  end if;
  select * into known from shardgres.origins o where o.origin = shardgres.gid_origin(asked);
  return case
    when known.origin is null or known.closed = ${retiredClosed} then 'unknown'
    when shardgres.gid_number(asked) > known.closed then 'in progress'
    when shardgres.gid_number(asked) > known.pruned then 'aborted'
    else 'unknown'
  end;
end
$$;
`;

/**
 * announce: everything up to finished_up_to is finished on every shard. prune deletes old records of what all shards know
 * to be closed: a snapshot of any shard then shows either the record or that it is closed. retire is for the origin of a
 * gateway that is gone for good, when none of its records are left: such a row says the same as no row.
 */
const announceSql = `
create or replace function shardgres.announce(of_origin text, finished_up_to bigint) returns void
language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  insert into shardgres.origins as o (origin, closed) values (of_origin, finished_up_to)
  on conflict (origin) do update set
    unlisted = o.closed,
    closed = greatest(o.closed, excluded.closed),
    announced_at = clock_timestamp()
  where o.closed < ${retiredClosed};
  if not found then
    raise exception 'origin % has been retired', of_origin using errcode = 'object_not_in_prerequisite_state';
  end if;
end
$$;
revoke all on function shardgres.announce(text, bigint) from public;

create or replace function shardgres.prune(of_origin text, closed_everywhere bigint, older_than interval) returns bigint
language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
  last bigint;
begin
  with gone as (
    delete from shardgres.commits c
      where c.origin = of_origin and c.number <= closed_everywhere and c.recorded_at < clock_timestamp() - older_than
      returning c.number
  )
  select max(number) into last from gone;
  update shardgres.origins o set pruned = greatest(o.pruned, last) where o.origin = of_origin and last > o.pruned;
  return last;
end
$$;
revoke all on function shardgres.prune(text, bigint, interval) from public;

create or replace function shardgres.retire(of_origin text) returns void
language sql set search_path = pg_catalog, pg_temp
as $$
  update shardgres.origins set closed = ${retiredClosed}, unlisted = 0, pruned = 0 where origin = of_origin
$$;
revoke all on function shardgres.retire(text) from public;
`;

/** Run by a superuser, after the schema has been made; may run again at any time. */
export const transactionSchemaSql = [tablesSql, gidSql, recordSql, announceSql, decideSql].join("");

/** On the home shard first: makes the secret, or reads it. */
export const homeSecretSql = `
with made as (
  insert into shardgres.cluster_secret (secret)
    values (pg_catalog.replace(pg_catalog.gen_random_uuid()::text || pg_catalog.gen_random_uuid()::text, '-', ''))
    on conflict do nothing
    returning secret
)
select secret from made union all select secret from shardgres.cluster_secret limit 1`;

/** On the other shards: they take over the home shard's ($1). */
export const takeSecretSql = `
insert into shardgres.cluster_secret as s (secret) values ($1)
on conflict (only_one) do update set secret = excluded.secret where s.secret <> excluded.secret`;
