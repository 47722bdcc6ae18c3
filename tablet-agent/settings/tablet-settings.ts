// The cluster's settings on this tablet: put in force as far as PostgreSQL takes them. What it refuses leaves those of before
// in force, and a tablet whose PostgreSQL does not start with new ones goes back to those that it has started with.
import type { Room, SettingsInForce } from "../../src/agent-api/settings-in-force.ts";
import { AppError } from "../../src/base/app-error.ts";
import type { Log } from "../../src/base/log.ts";
import { type ClusterSettings, settingsDigest } from "../../src/topology/cluster-settings.ts";
import type { PostgresServer } from "../postgres/server.ts";
import type { ProvenSettings } from "./proven-settings.ts";
import { lowersRoom, raisedFor } from "./raised-settings.ts";

export interface TabletSettingsOptions {
  readonly server: Pick<PostgresServer, "setSettings">;
  readonly proven: ProvenSettings;
  /** undefined: not known yet. */
  readonly wanted: () => ClusterSettings | undefined;
  /** Of the primary that is followed; undefined: it has not said. */
  readonly primaryRoom: () => Room | undefined;
  readonly log: Log;
}

export class TabletSettings {
  readonly #options: TabletSettingsOptions;
  /** Of a primary: the tablet whose turn it is to start again. */
  restarts: string | undefined;
  /** As the server has them. */
  #applied: ClusterSettings;
  #raised: ClusterSettings = {};
  #refused: { readonly digest: string; readonly reason: string } | undefined;
  #pending: readonly string[] = [];

  constructor(options: TabletSettingsOptions) {
    this.#options = options;
    this.#applied = options.proven.settings;
  }

  /** Names of those that count from the next start on. */
  get pending(): readonly string[] {
    return this.#pending;
  }

  get refused(): string | undefined {
    return this.#refused?.digest === this.digest ? this.#refused.reason : undefined;
  }

  /** Of what is wanted, as far as known. */
  get digest(): string {
    return settingsDigest(this.#wanted());
  }

  /** Whether the next start gives less room than PostgreSQL has now. */
  lowers(room: Room): boolean {
    return lowersRoom(this.#applied, room);
  }

  inForce(): Pick<SettingsInForce, "digest" | "restartPending" | "refused"> {
    const { refused } = this;
    return { digest: this.digest, restartPending: this.#pending, ...(refused !== undefined && { refused }) };
  }

  /** There is something to be put in force that has not been tried. */
  isDue(as: "primary" | "standby"): boolean {
    const next = this.#next(as);
    return keyOf(next.settings, next.raised) !== keyOf(this.#applied, this.#raised);
  }

  /** Throws what is no fault of the settings. */
  async apply(as: "primary" | "standby"): Promise<void> {
    const { settings, raised } = this.#next(as);
    const digest = settingsDigest(settings);
    try {
      await this.#set(settings, raised);
      if (this.#refused?.digest !== this.digest) this.#refused = undefined;
    } catch (error) {
      if (!(error instanceof AppError) || !isRefusal(error)) throw error;
      this.#refuse(digest, [error.message, ...(error.hint === undefined ? [] : [error.hint])].join("; "));
    }
  }

  /** PostgreSQL has started with them. */
  async started(): Promise<void> {
    const { proven, log } = this.#options;
    this.#pending = [];
    if (settingsDigest(proven.settings) === settingsDigest(this.#applied)) return;
    await proven.write(this.#applied).catch((error: unknown) => log.warn({ err: error }, "the settings are not kept"));
  }

  /** PostgreSQL has not started. Whether it is worth trying again, with the settings of before. */
  async fallBack(error: unknown): Promise<boolean> {
    const { proven } = this.#options;
    const digest = settingsDigest(this.#applied);
    if (!(error instanceof AppError) || error.code !== "postgres-failed") return false;
    if (settingsDigest(proven.settings) === digest) return false;
    this.#refuse(digest, error.message);
    await this.#set(proven.settings, this.#raised);
    return true;
  }

  #wanted(): ClusterSettings {
    return this.#options.wanted() ?? this.#options.proven.settings;
  }

  #next(as: "primary" | "standby"): { readonly settings: ClusterSettings; readonly raised: ClusterSettings } {
    const settings = this.refused === undefined ? this.#wanted() : this.#applied;
    const room = as === "standby" ? this.#options.primaryRoom() : undefined;
    return { settings, raised: room ? raisedFor(settings, room) : {} };
  }

  async #set(settings: ClusterSettings, raised: ClusterSettings): Promise<void> {
    const { needsRestart } = await this.#options.server.setSettings(settings, raised);
    this.#applied = settings;
    this.#raised = raised;
    this.#pending = needsRestart;
  }

  #refuse(digest: string, reason: string): void {
    this.#refused = { digest, reason };
    this.#options.log.warn({ reason }, "PostgreSQL refuses the cluster's settings; those of before stay in force");
  }
}

function isRefusal({ code }: AppError): boolean {
  return code === "invalid-setting" || code === "reserved-setting";
}

function keyOf(settings: ClusterSettings, raised: ClusterSettings): string {
  return `${settingsDigest(settings)} ${settingsDigest(raised)}`;
}
