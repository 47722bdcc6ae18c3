// What a backend waits for, in the words of PostgreSQL's own deadlock report (DescribeLockTag in its lmgr.c).

/** A row of pg_locks, without who it is that waits. `mode` is a name like "ShareLock". */
export interface LockName {
  readonly locktype: string;
  readonly mode: string;
  readonly database: number | null;
  readonly relation: number | null;
  readonly page: number | null;
  readonly tuple: number | null;
  readonly virtualxid: string | null;
  readonly transactionid: string | null;
  readonly classid: number | null;
  readonly objid: number | null;
  readonly objsubid: number | null;
}

/** "transaction 456", "relation 16384 of database 5". Object ids are those of the shard. */
export function lockWords(lock: LockName): string {
  const { database, relation, page, tuple, virtualxid, transactionid, classid, objid, objsubid } = lock;
  switch (lock.locktype) {
    case "relation":
      return `relation ${relation} of database ${database}`;
    case "extend":
      return `extension of relation ${relation} of database ${database}`;
    case "frozenid":
      return `pg_database.datfrozenxid of database ${database}`;
    case "page":
      return `page ${page} of relation ${relation} of database ${database}`;
    case "tuple":
      return `tuple (${page},${tuple}) of relation ${relation} of database ${database}`;
    case "transactionid":
      return `transaction ${transactionid}`;
    case "virtualxid":
      return `virtual transaction ${virtualxid}`;
    case "spectoken":
      return `speculative token ${objid} of transaction ${transactionid}`;
    case "object":
      return `object ${objid} of class ${classid} of database ${database}`;
    case "userlock":
      return `user lock [${database},${classid},${objid}]`;
    case "advisory":
      return `advisory lock [${database},${classid},${objid},${objsubid}]`;
    default:
      return `lock of type "${lock.locktype}"`;
  }
}
