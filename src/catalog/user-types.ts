// Types that users and extensions made have an object id of their own on every shard. Clients know the home shard's: what
// other shards answer is translated to it, and what clients declare is translated from it.
import { firstUserOid } from "../pgwire/oid.ts";

/** One row, one column of JSON: object id and name of each such type. */
export const userTypesSql = `
select coalesce(json_agg(json_build_array(t.oid::bigint, n.nspname || '.' || t.typname)), '[]')::text
from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
where t.oid >= ${firstUserOid}`;

type Translation = ReadonlyMap<number, number>;

const nothing: Translation = new Map();

export class UserTypes {
  static readonly none = new UserTypes("[]", new Map());

  readonly #toHome = new Map<string, Translation>();
  readonly #toShard = new Map<string, Translation>();

  /** Answers of `userTypesSql`: the home shard's, and those of the other shards by name. */
  constructor(home: string, others: ReadonlyMap<string, string>) {
    const homeOids = new Map(parse(home).map(([typeOid, name]) => [name, typeOid]));
    for (const [shard, json] of others) {
      const toHome = new Map<number, number>();
      const toShard = new Map<number, number>();
      for (const [typeOid, name] of parse(json)) {
        const homeOid = homeOids.get(name);
        if (homeOid === undefined || homeOid === typeOid) continue;
        toHome.set(typeOid, homeOid);
        toShard.set(homeOid, typeOid);
      }
      this.#toHome.set(shard, toHome);
      this.#toShard.set(shard, toShard);
    }
  }

  /** Whether some type has another object id on this shard than at home. */
  differAt(shard: string): boolean {
    return (this.#toHome.get(shard) ?? nothing).size > 0;
  }

  toHome(shard: string, typeOid: number): number {
    return typeOid < firstUserOid ? typeOid : ((this.#toHome.get(shard) ?? nothing).get(typeOid) ?? typeOid);
  }

  toShard(shard: string, typeOid: number): number {
    return typeOid < firstUserOid ? typeOid : ((this.#toShard.get(shard) ?? nothing).get(typeOid) ?? typeOid);
  }
}

function parse(json: string): readonly (readonly [number, string])[] {
  return JSON.parse(json) as readonly (readonly [number, string])[];
}
