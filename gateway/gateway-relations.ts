// Relations that the gateway answers by itself, so that SQL can be used on them: shardgres_shards, shardgres_tablets,
// shardgres_topology, shardgres_tables, shardgres_buckets. Their rows stand in the statement as VALUES.

import { allShards } from "../src/executor/execution.ts";
import type { GatewayRelation } from "../src/planner/plan-input.ts";
import { quoteLiteral } from "../src/sql/names.ts";
import type { Session } from "./session.ts";

interface Table {
  readonly columns: readonly { readonly name: string; readonly typeName: string }[];
  rows(session: Session): readonly (readonly (string | number | boolean | null)[])[];
}

/** By name; `SHOW shardgres.<name>` shows the same. */
export const gatewayTables: ReadonlyMap<string, Table> = new Map<string, Table>([
  [
    "shards",
    {
      columns: [
        { name: "shard", typeName: "text" },
        { name: "ordinal", typeName: "integer" },
        { name: "is_home", typeName: "boolean" },
        { name: "buckets", typeName: "integer" },
        { name: "primary", typeName: "text" },
        { name: "address", typeName: "text" },
        { name: "term", typeName: "bigint" },
      ],
      rows({ topology }) {
        const counts = new Map<number, number>();
        for (const owner of topology.buckets.owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
        return allShards(topology).map(({ name, ordinal, primary, term }) => [
          name,
          ordinal,
          name === topology.home,
          counts.get(ordinal) ?? 0,
          primary?.name ?? null,
          primary === undefined ? null : `${primary.address.host}:${primary.address.port}`,
          term,
        ]);
      },
    },
  ],
  [
    "tablets",
    {
      columns: [
        { name: "shard", typeName: "text" },
        { name: "tablet", typeName: "text" },
        { name: "role", typeName: "text" },
        { name: "is_synchronous", typeName: "boolean" },
        { name: "term", typeName: "bigint" },
        { name: "state", typeName: "text" },
        { name: "lag_ms", typeName: "bigint" },
        { name: "address", typeName: "text" },
        { name: "zone", typeName: "text" },
      ],
      rows: ({ topology, gateway }) =>
        allShards(topology).flatMap((shard) =>
          shard.tablets.map((tablet) => {
            const isPrimary = tablet.name === shard.primary?.name;
            const state = isPrimary ? undefined : gateway.tablets.watch.stateOf(shard.name, tablet);
            return [
              shard.name,
              tablet.name,
              isPrimary ? "primary" : "standby",
              shard.cohort.standbys.includes(tablet.name),
              shard.term,
              state?.kind ?? null,
              state?.kind === "standby" && state.lagMs !== undefined ? Math.round(state.lagMs) : null,
              `${tablet.address.host}:${tablet.address.port}`,
              tablet.zone ?? null,
            ];
          }),
        ),
    },
  ],
  [
    "topology",
    {
      columns: [
        { name: "cluster", typeName: "text" },
        { name: "shards", typeName: "integer" },
        { name: "generation", typeName: "bigint" },
        { name: "age_ms", typeName: "bigint" },
      ],
      rows: ({ topology, gateway }) => [
        [topology.clusterId, topology.shards.size, topology.buckets.generation, gateway.topologyAgeMs() ?? null],
      ],
    },
  ],
  [
    "tables",
    {
      columns: [
        { name: "schema", typeName: "text" },
        { name: "table", typeName: "text" },
        { name: "kind", typeName: "text" },
        { name: "shard_key", typeName: "text" },
        { name: "colocation_group", typeName: "integer" },
      ],
      rows({ catalog }) {
        const rows: (string | number | null)[][] = [];
        for (const [schema, relations] of catalog.relations) {
          for (const { name, kind, distribution, parent } of relations.values()) {
            if ((kind !== "table" && kind !== "partitioned-table") || parent !== undefined || schema === "shardgres")
              continue;
            const isDistributed = distribution.kind === "distributed";
            rows.push([
              schema,
              name,
              distribution.kind,
              isDistributed ? distribution.shardKey.join(", ") : null,
              isDistributed ? distribution.colocationGroup : null,
            ]);
          }
        }
        return rows.sort((a, b) => `${a[0]}.${a[1]}`.localeCompare(`${b[0]}.${b[1]}`));
      },
    },
  ],
  [
    "buckets",
    {
      columns: [
        { name: "first_bucket", typeName: "integer" },
        { name: "last_bucket", typeName: "integer" },
        { name: "shard", typeName: "text" },
      ],
      rows({ topology }) {
        const names = new Map(allShards(topology).map(({ name, ordinal }) => [ordinal, name]));
        const { owners } = topology.buckets;
        const rows: (string | number)[][] = [];
        for (let first = 0, next = 1; first < owners.length; first = next++) {
          while (next < owners.length && owners[next] === owners[first]) next++;
          rows.push([first, next - 1, names.get(owners[first]!) ?? ""]);
        }
        return rows;
      },
    },
  ],
]);

/** As the planner takes them: rows are written only when a statement names the relation. */
export function gatewayRelations(session: Session): ReadonlyMap<string, GatewayRelation> {
  const relations = new Map<string, GatewayRelation>();
  for (const [name, { columns, rows }] of gatewayTables) {
    relations.set(`shardgres_${name}`, {
      columns,
      get rowsSql() {
        return rows(session)
          .map((row) => `(${row.map(literal).join(", ")})`)
          .join(", ");
      },
    });
  }
  return relations;
}

function literal(value: string | number | boolean | null): string {
  if (value === null) return "NULL";
  return typeof value === "string" ? quoteLiteral(value) : String(value);
}
