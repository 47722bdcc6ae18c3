// Whose turn it is to start again for settings that count from the next start on, as the agent of the primary decides it.
// Pure. Standbys first, one at a time, each back before the next; then the primary gives its place to one of them and starts
// again as a standby. Room that is lowered counts on the primary first: no standby may have less than its primary.
import type { SettingsInForce } from "../../src/agent-api/settings-in-force.ts";

export interface TurnView {
  /** Of the settings that this tablet, the primary, has taken notice of. */
  readonly digest: string;
  /** Its own settings that count from its next start on. */
  readonly pending: readonly string[];
  readonly lowersRoom: boolean;
  readonly canSwitchOver: boolean;
  readonly others: readonly OtherTablet[];
}

export interface OtherTablet {
  readonly name: string;
  readonly isStreaming: boolean;
  /** For how long it has been streaming, or not. */
  readonly forMs: number;
  /** undefined: it does not answer. */
  readonly settings: SettingsInForce | undefined;
}

export type Turn =
  | { readonly kind: "nobody"; readonly reason: string | undefined }
  | { readonly kind: "standby"; readonly name: string }
  | { readonly kind: "switch-over" }
  | { readonly kind: "in-place" };

/** A tablet that has been away for longer is not waited for: it starts with the new settings when it comes back. */
const awayMs = 30_000;

export function restartTurn(view: TurnView): Turn {
  const { pending, others, digest, lowersRoom } = view;
  const answering = others.filter(({ settings }) => settings !== undefined);
  const isPending = ({ settings }: OtherTablet) => settings!.restartPending.length > 0;
  const next = answering.find(isPending);
  if (pending.length === 0 && !next) return nobody(undefined);
  const behind = answering.find(({ settings }) => settings!.digest !== digest);
  if (behind) return nobody(`${behind.name} has not heard of the settings yet`);
  const refusing = answering.find(({ settings }) => settings!.refused !== undefined);
  if (refusing && pending.length > 0) return nobody(`${refusing.name} refuses the settings`);
  const away = others.find(({ name, isStreaming, forMs }) => name !== next?.name && !isStreaming && forMs < awayMs);
  if (away) return nobody(`${away.name} is not back yet`);
  if (pending.length > 0 && lowersRoom) return { kind: "in-place" };
  if (next) return { kind: "standby", name: next.name };
  return { kind: view.canSwitchOver ? "switch-over" : "in-place" };
}

function nobody(reason: string | undefined): Turn {
  return { kind: "nobody", reason };
}
