// Where a topology is, as processes are told.
import { expect, test } from "vitest";
import { openStore, parseStorePlace } from "../../../src/topology/open-store.ts";

test.each([
  ["/srv/topology", { kind: "directory", directory: "/srv/topology" }],
  ["topology", { kind: "directory", directory: "topology" }],
  ["kubernetes:shards/main", { kind: "kubernetes", namespace: "shards", cluster: "main" }],
  ["kubernetes:main", { kind: "kubernetes", namespace: undefined, cluster: "main" }],
])("%s is understood", (text, place) => {
  expect(parseStorePlace(text)).toEqual(place);
});

test.each([
  "kubernetes:",
  "kubernetes:/main",
  "kubernetes:a/b/c",
  "kubernetes:Main",
  "kubernetes:a.b",
  "kubernetes:a-",
])("%s is refused", (text) => {
  expect(() => parseStorePlace(text)).toThrow(`"${text}" names no topology in Kubernetes`);
});

test("an empty place is refused", () => {
  expect(() => parseStorePlace("")).toThrow("the place of the topology is empty");
});

test("what is wrong with the kubeconfig is said when the store is used first", async () => {
  const place = parseStorePlace("kubernetes:shards/main");
  const store = openStore(place, { kubeconfig: "/nonexistent/kubeconfig" });
  const message = "Kubernetes cannot be used: ENOENT: no such file or directory, open '/nonexistent/kubeconfig'";
  await expect(store.get("cluster")).rejects.toMatchObject({ code: "no-kubernetes", message });
});
