// Whether a tablet's directory may be taken, by what its mark says. Pure. That the agent of before is not to be seen here
// proves nothing when it ran elsewhere; nor does the pid in postmaster.pid.
import type { OwnerMark } from "./owner-mark.ts";
import type { Place } from "./place.ts";

export type Judgement =
  /** Nobody has it, or who had it is known to be dead. */
  | { readonly kind: "free" }
  /** When the lease of the volume has been taken from it, and some time after that. */
  | { readonly kind: "after-lease" }
  /** When a fencing command has said that it is dead. */
  | { readonly kind: "after-fencing" }
  | { readonly kind: "refused" };

export interface Conditions {
  /** The directory is on a volume that may be moved to another machine. */
  readonly isShared: boolean;
  readonly hasFencing: boolean;
}

/** Within one place, whoever has the directory is seen by its process: that is another claim. */
export function judgeOwner(mark: OwnerMark | undefined, here: Place, { isShared, hasFencing }: Conditions): Judgement {
  if (mark === undefined || mark.place === here.name) return { kind: "free" };
  // The disk of a machine that has been started again.
  if (!isShared && !mark.stopsItself && mark.machine === here.machine) return { kind: "free" };
  if (hasFencing) return { kind: "after-fencing" };
  return { kind: isShared && mark.stopsItself ? "after-lease" : "refused" };
}
