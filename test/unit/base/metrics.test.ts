// The text that Prometheus reads.
import { expect, test } from "vitest";
import { metricsText } from "../../../src/base/metrics.ts";

test("every metric says what it is, then its samples", () => {
  const text = metricsText([
    {
      name: "shardgres_prepared_transactions",
      kind: "gauge",
      help: "Prepared transactions of a shard.",
      samples: [
        { labels: { shard: "s1" }, value: 0 },
        { labels: { shard: "s2", database: "app" }, value: 2.5 },
      ],
    },
    { name: "shardgres_passes_total", kind: "counter", help: "Passes.", samples: [{ value: 17 }] },
  ]);
  expect(text).toBe(`# HELP shardgres_prepared_transactions Prepared transactions of a shard.
# TYPE shardgres_prepared_transactions gauge
shardgres_prepared_transactions{shard="s1"} 0
shardgres_prepared_transactions{shard="s2",database="app"} 2.5
# HELP shardgres_passes_total Passes.
# TYPE shardgres_passes_total counter
shardgres_passes_total 17
`);
});

test("a metric without samples is announced all the same; no metrics are no text", () => {
  expect(metricsText([{ name: "a", kind: "gauge", help: "A.", samples: [] }])).toBe("# HELP a A.\n# TYPE a gauge\n");
  expect(metricsText([])).toBe("");
});

test("what would break a line or a label is escaped", () => {
  const samples = [{ labels: { name: 'a "b" \\ c\nd' }, value: 1 }];
  expect(metricsText([{ name: "a", kind: "gauge", help: 'x \\ "y"\nz', samples }])).toBe(
    '# HELP a x \\\\ "y"\\nz\n# TYPE a gauge\na{name="a \\"b\\" \\\\ c\\nd"} 1\n',
  );
});

test("numbers that JSON does not know are written as Prometheus reads them", () => {
  const values = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 1e21, 0.1];
  const text = metricsText([{ name: "a", kind: "gauge", help: "A.", samples: values.map((value) => ({ value })) }]);
  expect(text.split("\n").slice(2)).toEqual(["a +Inf", "a -Inf", "a NaN", "a 1e+21", "a 0.1", ""]);
});
