// A tablet's metrics, as Prometheus reads them.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { metricsText } from "../../../src/base/metrics.ts";
import { tabletMetrics } from "../../../tablet-agent/api/tablet-metrics.ts";
import { fullStatus, leastStatus } from "../../support/sample-status.ts";

const samples = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

test("everything that is known has a sample, in base units", () => {
  const own = 'shard="s1",tablet="s1-0"';
  expect(samples(metricsText(tabletMetrics(fullStatus)))).toEqual([
    `shardgres_tablet_info{${own},agent="0.1.0",postgres="18.4"} 1`,
    `shardgres_tablet_uptime_seconds{${own}} 812.345`,
    `shardgres_tablet_ready{${own}} 1`,
    `shardgres_tablet_role{${own},role="none"} 0`,
    `shardgres_tablet_role{${own},role="stopped"} 0`,
    `shardgres_tablet_role{${own},role="starting"} 0`,
    `shardgres_tablet_role{${own},role="primary"} 1`,
    `shardgres_tablet_role{${own},role="standby"} 0`,
    `shardgres_tablet_whole{${own}} 1`,
    `shardgres_tablet_term{${own}} 7`,
    `shardgres_tablet_pledged_term{${own}} 7`,
    `shardgres_tablet_timeline{${own}} 4`,
    `shardgres_tablet_wal_position_bytes{${own}} 117445168`,
    `shardgres_tablet_lag_bytes{${own}} 12`,
    `shardgres_tablet_lag_seconds{${own}} 0.034`,
    `shardgres_tablet_lease_held{${own}} 1`,
    `shardgres_tablet_lease_remaining_seconds{${own}} 4.9`,
    `shardgres_tablet_synchronous_standbys{${own}} 2`,
    `shardgres_tablet_acknowledgements{${own}} 1`,
    `shardgres_tablet_standby_synchronous{${own},standby="s1-1"} 1`,
    `shardgres_tablet_standby_synchronous{${own},standby="s1-2"} 0`,
    `shardgres_tablet_standby_lag_bytes{${own},standby="s1-1"} 0`,
    `shardgres_tablet_standby_lag_seconds{${own},standby="s1-1"} 0.001`,
    `shardgres_tablet_lost_wal_bytes_total{${own},acknowledged="maybe"} 4096`,
    `shardgres_tablet_lost_wal_bytes_total{${own},acknowledged="never"} 0`,
    `shardgres_tablet_disk_free_bytes{${own}} 56000000000`,
    `shardgres_tablet_topology_age_seconds{${own}} 0.25`,
  ]);
});

test("what is not known has none, and neither has its name", () => {
  const text = metricsText(tabletMetrics(leastStatus));
  for (const name of ["term", "lag_bytes", "disk_free_bytes", "standby_lag_bytes", "lease_remaining_seconds"]) {
    expect(text).not.toContain(`shardgres_tablet_${name} `);
  }
  expect(samples(text)).toContain('shardgres_tablet_ready{shard="s1",tablet="s1-1"} 0');
  expect(samples(text)).toContain('shardgres_tablet_role{shard="s1",tablet="s1-1",role="none"} 1');
});

test("the remaining time of another's lease is not taken for one's own", () => {
  const text = metricsText(tabletMetrics({ ...fullStatus, lease: { kind: "other", holder: "x", remainingMs: 5_000 } }));
  expect(text).toContain('shardgres_tablet_lease_held{shard="s1",tablet="s1-0"} 0');
  expect(text).not.toContain("lease_remaining");
});

test("docs/operations/tablet-agent.md names them all, and no others", () => {
  const page = readFileSync(new URL("../../../docs/operations/tablet-agent.md", import.meta.url), "utf8");
  const documented = new Set(page.match(/shardgres_tablet_[a-z_]+/g));
  expect([...documented].sort()).toEqual(
    tabletMetrics(fullStatus)
      .map(({ name }) => name)
      .sort(),
  );
});
