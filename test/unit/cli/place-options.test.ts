// How commands are told which cluster, in words that people know from kubectl.
import { parseArgs } from "node:util";
import { expect, test } from "vitest";
import { placeOf, placeOptions, placeText } from "../../../src/cli/place-options.ts";

const placeIn = (args: readonly string[]) => placeOf(parseArgs({ args, options: placeOptions }).values);
const kubernetes = (cluster: string, namespace?: string, kubeconfig?: string, context?: string) => ({
  kind: "topology",
  place: { kind: "kubernetes", namespace, cluster },
  kubeconfig,
  context,
});

test.each([
  [[], { kind: "local", dataDir: ".shardgres" }],
  [["--data-dir", "d"], { kind: "local", dataDir: "d" }],
  [["--cluster", "main"], kubernetes("main")],
  [["--cluster=main", "-n", "shards"], kubernetes("main", "shards")],
  [
    ["--cluster=main", "--namespace=shards", "--kubeconfig", "k", "--context", "c"],
    kubernetes("main", "shards", "k", "c"),
  ],
  [["--topology", "kubernetes:shards/main"], kubernetes("main", "shards")],
  [["--topology", "kubernetes:main", "--context", "c"], kubernetes("main", undefined, undefined, "c")],
  [
    ["--topology", "/srv/topology"],
    {
      kind: "topology",
      place: { kind: "directory", directory: "/srv/topology" },
      kubeconfig: undefined,
      context: undefined,
    },
  ],
])("%j is understood", (args, place) => {
  expect(placeIn(args)).toEqual(place);
});

test.each([
  [["--data-dir", "d", "--cluster", "main"], "--data-dir and --cluster both say where the cluster is"],
  [["--topology", "t", "--cluster", "main"], "--topology and --cluster both say where the cluster is"],
  [["--data-dir", ""], "--data-dir must not be empty"],
  [["--cluster", ""], "--cluster must not be empty"],
  [["--namespace", "shards"], "--namespace goes with --cluster"],
  [["--topology", "kubernetes:main", "-n", "shards"], "--namespace goes with --cluster"],
  [["--context", "c"], "--context is for clusters in Kubernetes: --cluster NAME"],
  [["--data-dir", "d", "--kubeconfig", "k"], "--kubeconfig is for clusters in Kubernetes: --cluster NAME"],
])("%j is refused", (args, message) => {
  expect(() => placeIn(args)).toThrow(message);
});

test("a place is named as people know it", () => {
  expect(placeText(placeIn(["--data-dir", "/d"]))).toBe("/d");
  expect(placeText(placeIn(["--topology", "/t"]))).toBe("/t");
  expect(placeText(placeIn(["--cluster", "main"]))).toBe("Kubernetes under the name main");
  expect(placeText(placeIn(["--cluster", "main", "-n", "x"]))).toBe("Kubernetes under the name main in namespace x");
});
