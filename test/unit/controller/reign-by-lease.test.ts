// Being the only controller by a lease: with real clocks, on the local store's leases.
import { expect, onTestFinished, test } from "vitest";
import { reignByLease } from "../../../src/controller/reign-by-lease.ts";
import { localStore } from "../../../src/topology/local-store.ts";
import type { LeaseStore } from "../../../src/topology/store.ts";
import { eventually } from "../../support/eventually.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

test("one reigns, another waits for it by name, and takes over as soon as it lets go", async () => {
  const { leases } = localStore(await temporaryDirectory());
  const signal = ending();
  const first = (await reignByLease(leases, signal, { identity: "first", leaseSeconds: 3 }))!;
  const waitedFor: string[] = [];
  const second = reignByLease(leases, signal, {
    identity: "second",
    leaseSeconds: 3,
    onWaiting: (who) => waitedFor.push(who),
  });
  await eventually(() => waitedFor.length === 1);
  // Longer than the lease: it is renewed.
  const { renewTime } = (await leases.get("controller"))!.lease;
  await eventually(
    async () => Date.parse((await leases.get("controller"))!.lease.renewTime) - Date.parse(renewTime) > 3_500,
  );
  expect(waitedFor).toEqual(["first"]);
  expect(first.signal.aborted).toBe(false);

  await first.release();
  expect(first.signal.aborted).toBe(true);
  const reign = (await second)!;
  expect(reign.signal.aborted).toBe(false);
  expect((await leases.get("controller"))!.lease.holderIdentity).toBe("second");
});

test("who cannot renew its lease in time reigns no longer, though nobody has taken it", async () => {
  const { leases } = localStore(await temporaryDirectory());
  let isAway = false;
  const unreliable: LeaseStore = {
    get: (name) => (isAway ? new Promise(() => {}) : leases.get(name)),
    put: (...args) => leases.put(...args),
  };
  const reign = (await reignByLease(unreliable, ending(), { identity: "only", leaseSeconds: 1 }))!;
  const { renewTime } = (await leases.get("controller"))!.lease;
  isAway = true;
  await eventually(() => reign.signal.aborted);
  expect(Date.now() - Date.parse(renewTime)).toBeLessThan(10_000);
  isAway = false;
  await reign.release();
});

test("who finds another in its place reigns no longer", async () => {
  const { leases } = localStore(await temporaryDirectory());
  const reign = (await reignByLease(leases, ending(), { identity: "only", leaseSeconds: 1 }))!;
  await eventually(async () => {
    const { lease, version } = (await leases.get("controller"))!;
    return await leases.put("controller", { ...lease, holderIdentity: "another" }, version);
  });
  await eventually(() => reign.signal.aborted);
  await reign.release();
  expect((await leases.get("controller"))!.lease.holderIdentity).toBe("another");
});

test("nobody waits for a lease any more who is to stop", async () => {
  const { leases } = localStore(await temporaryDirectory());
  const first = (await reignByLease(leases, ending(), { identity: "first", leaseSeconds: 60 }))!;
  const stopping = new AbortController();
  const waiting = reignByLease(leases, stopping.signal, {
    identity: "second",
    leaseSeconds: 60,
    onWaiting: () => stopping.abort(),
  });
  expect(await waiting).toBeUndefined();
  await first.release();
});

/** Aborted when the test is over. */
function ending(): AbortSignal {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  return controller.signal;
}
