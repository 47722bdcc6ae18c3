-- The tables of pgbench, with the branch in every primary key, so that all that belongs to a branch is on one shard.
CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88)) WITH (fillfactor = 100);
CREATE TABLE pgbench_tellers (tid int, bid int, tbalance int, filler char(84), PRIMARY KEY (bid, tid)) WITH (fillfactor = 100);
CREATE TABLE pgbench_accounts (aid int, bid int, abalance int, filler char(84), PRIMARY KEY (bid, aid)) WITH (fillfactor = 100);
CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));
