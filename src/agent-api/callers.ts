// Who may ask a tablet agent for what. A caller is the common name of a client certificate of the cluster's authority.

/** `agent`: the tablets' agents. `admin`: who runs the cluster: people, the controller, the operator. */
export type Caller = "agent" | "admin";

export type Call = "ask" | "pledge" | "status" | "switchover";

const allowed: Readonly<Record<Call, readonly Caller[]>> = {
  ask: ["agent", "admin"],
  // A pledge stops a primary. Only who can follow it up with a new term may ask for one.
  pledge: ["agent"],
  status: ["agent", "admin"],
  switchover: ["agent", "admin"],
};

export function mayCall(caller: string, call: Call): boolean {
  return allowed[call].some((each) => each === caller);
}
