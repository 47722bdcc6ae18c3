// What a tablet agent knows, as metrics.
import type { TabletRole } from "../../src/agent-api/tablet-answer.ts";
import type { TabletStatus } from "../../src/agent-api/tablet-status.ts";
import type { Metric, Sample } from "../../src/base/metrics.ts";

const roles: readonly TabletRole[] = ["none", "stopped", "starting", "primary", "standby"];

export function tabletMetrics(status: TabletStatus): readonly Metric[] {
  const { shard, name: tablet, standbys, lease, synchronous, lostBytes } = status;
  const own = { shard, tablet };
  const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
    name: `shardgres_tablet_${name}`,
    kind: "gauge",
    help,
    samples: samples.map(({ labels, value }) => ({ labels: { ...own, ...labels }, value })),
  });
  /** No sample for what is not known. */
  const known = (value: number | undefined, scale = 1): readonly Sample[] =>
    value === undefined ? [] : [{ value: value / scale }];
  const ofStandbys = (measure: (standby: TabletStatus["standbys"][number]) => number | undefined, scale = 1) =>
    standbys.flatMap((standby) =>
      known(measure(standby), scale).map(({ value }) => ({ labels: { standby: standby.name }, value })),
    );
  const all: readonly Metric[] = [
    gauge("info", "Always 1; its labels tell the versions.", [
      { labels: { agent: status.agentVersion, postgres: status.postgresVersion ?? "" }, value: 1 },
    ]),
    gauge("uptime_seconds", "Since when the agent runs.", known(status.uptimeMs, 1_000)),
    gauge("ready", "1 when the tablet does what it is there for.", [{ value: Number(status.ready.isGood) }]),
    gauge(
      "role",
      "1 for the role that the tablet has, 0 for the others.",
      roles.map((role) => ({ labels: { role }, value: Number(role === status.role) })),
    ),
    gauge("whole", "0 while its data is being built or rewound: it is no witness then.", [
      { value: Number(status.isWhole) },
    ]),
    gauge("term", "Of the WAL that it has.", known(status.term)),
    gauge("pledged_term", "The term that it has pledged.", [{ value: status.pledge.term }]),
    gauge("timeline", "PostgreSQL's timeline.", known(status.timeline)),
    gauge("wal_position_bytes", "Where its WAL ends.", known(status.lsn)),
    gauge("lag_bytes", "WAL that a standby has not flushed yet.", known(status.lagBytes)),
    gauge(
      "lag_seconds",
      "Age of what a standby has replayed; 0 when it has replayed everything.",
      known(status.lagMs, 1_000),
    ),
    gauge("lease_held", "1 when it holds the shard's lease.", [{ value: Number(lease.kind === "mine") }]),
    gauge(
      "lease_remaining_seconds",
      "For how long the lease that it holds is valid.",
      lease.kind === "mine" ? known(lease.remainingMs, 1_000) : [],
    ),
    gauge(
      "synchronous_standbys",
      "Standbys that may acknowledge a commit of this primary.",
      known(synchronous?.standbys.length),
    ),
    gauge("acknowledgements", "How many of them a commit waits for.", known(synchronous?.acknowledgements)),
    gauge(
      "standby_synchronous",
      "Whether the standby may acknowledge commits of this primary.",
      ofStandbys(({ isSynchronous }) => Number(isSynchronous)),
    ),
    gauge(
      "standby_lag_bytes",
      "WAL that the standby has not flushed yet, as its source sees it.",
      ofStandbys(({ lagBytes }) => lagBytes),
    ),
    gauge(
      "standby_lag_seconds",
      "How long the standby takes to flush.",
      ofStandbys(({ lagMs }) => lagMs, 1_000),
    ),
    {
      name: "shardgres_tablet_lost_wal_bytes_total",
      kind: "counter",
      help: "WAL that it has written as primary and that a later term is without.",
      samples: lostBytes
        ? [
            { labels: { ...own, acknowledged: "maybe" }, value: lostBytes.maybeAcknowledged },
            { labels: { ...own, acknowledged: "never" }, value: lostBytes.neverAcknowledged },
          ]
        : [],
    },
    gauge("disk_free_bytes", "Free space where its data is.", known(status.freeDiskBytes)),
    gauge(
      "topology_age_seconds",
      "Since when the store has not confirmed what it knows of the topology.",
      known(status.topologyAgeMs, 1_000),
    ),
  ];
  return all.filter(({ samples }) => samples.length > 0);
}
