// The configuration files of one PostgreSQL, and how it takes notice of a change: a session that begins with the new
// configuration proves that the postmaster has read it and has told all its processes.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { AppError } from "../../src/base/app-error.ts";
import { delay } from "../../src/base/delay.ts";
import { errorCode } from "../../src/base/error-code.ts";
import { writeFileWhole } from "../../src/base/write-file.ts";
import {
  type ConfiguredRole,
  clientAuthentication,
  type ReplicatedSettings,
  revisionSetting,
  type ServerSettings,
  serverConfiguration,
} from "./configuration.ts";
import { type SessionTarget, value, withSession } from "./session.ts";
import { withoutReserved } from "./without-reserved.ts";

export interface ConfigurationOptions extends Omit<ReplicatedSettings, "chosen" | "revision" | "role"> {
  readonly server: ServerSettings;
  readonly authentication: "trust" | "scram-sha-256";
  readonly dataDirectory: string;
}

const inForceLimitMs = 20_000;
const pollMs = 5;

export class WrittenConfiguration {
  #options: ConfigurationOptions;
  #revision = 0;
  /** The cluster's settings. */
  chosen: Readonly<Record<string, string>>;
  /** What a standby needs more of than the cluster's settings give it. */
  raised: Readonly<Record<string, string>> = {};
  role: ConfiguredRole = { kind: "standby", source: undefined };

  constructor(options: ConfigurationOptions, chosen: Readonly<Record<string, string>>) {
    this.#options = options;
    this.chosen = chosen;
  }

  async writeForStart(): Promise<void> {
    const { server, authentication } = this.#options;
    await this.#writeFile("pg_hba.conf", clientAuthentication(authentication, server.listenAddresses !== undefined));
    await this.#write();
  }

  async #write(): Promise<void> {
    const { server, dataDirectory, postgresMajor, slotWalBytesMax } = this.#options;
    this.#revision++;
    const replicated = {
      postgresMajor,
      slotWalBytesMax,
      chosen: { ...this.chosen, ...this.raised },
      revision: this.#revision,
      role: this.role,
    };
    const automatic = await readFile(join(dataDirectory, "postgresql.auto.conf"), "utf8").catch(emptyIfMissing);
    const kept = withoutReserved(automatic);
    if (kept !== automatic) await this.#writeFile("postgresql.auto.conf", kept);
    await this.#writeFile("shardgres.conf", serverConfiguration(server, replicated));
  }

  async #writeFile(name: string, text: string): Promise<void> {
    await writeFileWhole(join(this.#options.dataDirectory, name), text, { mode: 0o600 });
  }

  /**
   * Writes, has the running PostgreSQL read it, and runs `use` in a session that has begun with it: every process has been
   * told by then, though it may not have got round to it.
   */
  async reload<T>(reload: () => void, target: SessionTarget, use: (client: pg.Client) => Promise<T>): Promise<T> {
    await this.#write();
    reload();
    const deadline = performance.now() + inForceLimitMs;
    for (;;) {
      const outcome = await withSession(target, async (client) => {
        const revision = await value<string | null>(client, "SELECT current_setting($1, true)", [revisionSetting]);
        return revision === String(this.#revision) ? { value: await use(client) } : undefined;
      });
      if (outcome !== undefined) return outcome.value;
      if (performance.now() > deadline) {
        throw new AppError("not-in-force", "PostgreSQL does not take its new configuration; its log says why");
      }
      await delay(pollMs);
    }
  }
}

function emptyIfMissing(error: unknown): string {
  if (errorCode(error) === "ENOENT") return "";
  throw error;
}
