// The words for what is waited for, kind by kind.
import { expect, test } from "vitest";
import { type LockName, lockWords } from "../../../src/transaction/lock-words.ts";

const nothing: LockName = {
  locktype: "",
  mode: "ShareLock",
  database: null,
  relation: null,
  page: null,
  tuple: null,
  virtualxid: null,
  transactionid: null,
  classid: null,
  objid: null,
  objsubid: null,
};

const samples: readonly [Partial<LockName>, string][] = [
  [{ locktype: "relation", database: 5, relation: 16384 }, "relation 16384 of database 5"],
  [{ locktype: "extend", database: 5, relation: 16384 }, "extension of relation 16384 of database 5"],
  [{ locktype: "frozenid", database: 5 }, "pg_database.datfrozenxid of database 5"],
  [{ locktype: "page", database: 5, relation: 7, page: 2 }, "page 2 of relation 7 of database 5"],
  [{ locktype: "tuple", database: 5, relation: 7, page: 0, tuple: 3 }, "tuple (0,3) of relation 7 of database 5"],
  [{ locktype: "transactionid", transactionid: "4294967295" }, "transaction 4294967295"],
  [{ locktype: "virtualxid", virtualxid: "3/17" }, "virtual transaction 3/17"],
  [{ locktype: "spectoken", transactionid: "740", objid: 2 }, "speculative token 2 of transaction 740"],
  [{ locktype: "object", database: 0, classid: 1262, objid: 5, objsubid: 0 }, "object 5 of class 1262 of database 0"],
  [{ locktype: "userlock", database: 1, classid: 2, objid: 3, objsubid: 0 }, "user lock [1,2,3]"],
  [{ locktype: "advisory", database: 5, classid: 0, objid: 42, objsubid: 1 }, "advisory lock [5,0,42,1]"],
  [{ locktype: "something new" }, 'lock of type "something new"'],
];

test.each(samples)("%o is %s", (lock, words) => {
  expect(lockWords({ ...nothing, ...lock })).toBe(words);
});
