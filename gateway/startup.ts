// The beginning of a session: what the client asks for, who it is, and what it is told before its first statement.
import { createHash, randomBytes } from "node:crypto";
import { ConnectionLost } from "../src/pgclient/connection-lost.ts";
import type { ServerLogin } from "../src/pgclient/server-connection.ts";
import {
  authenticationOk,
  authenticationSasl,
  authenticationSaslContinue,
  authenticationSaslFinal,
  backendKeyData,
  negotiateProtocolVersion,
  parameterStatus,
} from "../src/pgwire/backend-message.ts";
import type { Frame } from "../src/pgwire/frame-reader.ts";
import { frontend, headerBytes } from "../src/pgwire/message-type.ts";
import { mockVerifier, parseVerifier, type ScramSecret, ScramServer } from "../src/pgwire/scram.ts";
import { SqlError } from "../src/pgwire/sql-error.ts";
import { type StartupPacket, startupPacketMaxBytes } from "../src/pgwire/startup-packet.ts";
import type { Lease, Traveller } from "../src/pool/pool.ts";
import { SessionSettings } from "../src/pool/session-settings.ts";
import { Participant } from "../src/transaction/participant.ts";
import type { CancelKey } from "./cancel-keys.ts";
import type { ClientConnection } from "./client-connection.ts";
import { durabilityWarning, withoutLowering } from "./commit-durability.ts";
import type { Database } from "./databases.ts";
import type { Gateway } from "./gateway.ts";
import { holdTimeoutMs, holdTimeoutSetting } from "./hold-timeout.ts";
import type { SessionStart } from "./session.ts";
import { readDefaults, withKeptLimits } from "./session-defaults.ts";
import { startupSettings } from "./startup-settings.ts";

/** The newest minor version of protocol 3 that the gateway speaks. */
const newestMinor = 2;
const secretBytesOf = (minor: number) => (minor >= 2 ? 32 : 4);
/** How long the right to connect is taken for granted, where this gateway has not changed it. */
const connectCheckMs = 5_000;
/** Connections to the home shard that may be lost in the midst of it. */
const triesMax = 5;
/** Secret of this process, so that the salt of an unknown role is the same each time it is asked for. */
const mockSecret = randomBytes(32);

export interface Reader {
  /** The next message of the client; rejects when it is gone. */
  next(maxBytes: number): Promise<Frame>;
  /** Aborted when it is gone. */
  readonly gone: AbortSignal;
}

export interface StartedSession {
  readonly start: SessionStart;
  readonly minor: number;
  readonly parameters: ReadonlyMap<string, string>;
  /** About what it has asked for and has not got. */
  readonly warning: Buffer | undefined;
}

/** Rejects with SqlError, ShardError or what `pg` throws: the client is told and cut off. */
export async function startSession(
  gateway: Gateway,
  client: ClientConnection,
  packet: StartupPacket & { kind: "startup" },
  reader: Reader,
): Promise<StartedSession> {
  const minor = negotiate(client, packet);
  const user = packet.parameters.get("user");
  if (user === undefined || user === "") {
    throw fatal("28000", "no PostgreSQL user name specified in startup packet");
  }
  const databaseName = packet.parameters.get("database") || user;
  const replication = packet.parameters.get("replication")?.toLowerCase();
  if (replication !== undefined && !["false", "off", "no", "0"].includes(replication)) {
    throw fatal("0A000", "replication connections go to a shard, not to the gateway");
  }
  const secret =
    gateway.topology.authentication === "trust" ? undefined : await authenticate(gateway, client, user, reader);
  client.write(authenticationOk);

  if (secret !== undefined) gateway.secrets.set(user, secret);
  const login: ServerLogin = {
    database: databaseName,
    user,
    get secret() {
      return gateway.secrets.get(user);
    },
    get settings() {
      return gateway.connectionSettings;
    },
  };
  const loginKey = `${user}\0${databaseName}\0${secretKey(secret)}`;
  const asked = SessionSettings.of(startupSettings(packet.parameters));
  const settings = withoutLowering(gateway.topology, asked);
  const traveller = { login, loginKey, settings, holdTimeoutMs: holdTimeoutMs(settings.get(holdTimeoutSetting)) };
  // The shard decides whether role and database exist and may be used, and knows what the settings are.
  return onHome(gateway, traveller, reader.gone, async (lease) => {
    const checkedAt = gateway.connectChecks.get(loginKey) ?? 0;
    if (Date.now() - checkedAt > connectCheckMs) {
      await checkConnect(lease, databaseName);
      gateway.connectChecks.set(loginKey, Date.now());
    }
    const database: Database = await gateway.databases.get(databaseName);
    const defaults = await gateway.sessionDefaults.get(`${loginKey}\0${settings.key}`, () =>
      readDefaults(new Participant(lease, undefined)),
    );
    const kept = withKeptLimits(settings, defaults);
    const start = { client, gateway, database, login, loginKey, settings: kept, defaults };
    const warning = settings === asked ? undefined : durabilityWarning();
    return { start, minor, parameters: new Map(lease.connection.parameters), warning };
  });
}

/** Where the connection is lost, once more on another one. */
async function onHome<T>(
  { pool, topology }: Gateway,
  traveller: Traveller,
  signal: AbortSignal,
  ask: (lease: Lease) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const lease = await pool.acquire(topology.home, traveller, { signal, isFresh: tries > 1 });
    try {
      return await ask(lease);
    } catch (error) {
      if (!(error instanceof ConnectionLost) || tries >= triesMax) throw error;
    } finally {
      lease.release();
    }
  }
}

/** A connection that others have used before says nothing about what the role may do now. */
async function checkConnect(lease: Lease, database: string): Promise<void> {
  const mayConnect = await new Participant(lease, undefined).queryText(
    "SELECT pg_catalog.has_database_privilege(session_user, pg_catalog.current_database(), 'CONNECT')",
  );
  if (mayConnect === "t") return;
  throw new SqlError({
    severity: "FATAL",
    code: "42501",
    message: `permission denied for database "${database}"`,
    detail: "User does not have CONNECT privilege.",
  });
}

/** What a client is told when its session begins, up to ReadyForQuery. */
export function greet(client: ClientConnection, { parameters, warning }: StartedSession, key: CancelKey): void {
  if (warning !== undefined) client.write(warning);
  for (const [name, value] of parameters) client.write(parameterStatus(name, value));
  client.write(backendKeyData(key.processId, key.secret));
}

export function secretBytes({ minor }: StartedSession): number {
  return secretBytesOf(minor);
}

function negotiate(
  client: ClientConnection,
  { major, minor, parameters }: StartupPacket & { kind: "startup" },
): number {
  if (major !== 3) {
    throw fatal("0A000", `unsupported frontend protocol ${major}.${minor}: server supports 3.0 to 3.${newestMinor}`);
  }
  // There was no 3.1; PostgreSQL answers it with 3.0.
  const spoken = minor > newestMinor ? newestMinor : minor === 1 ? 0 : minor;
  const unknown = [...parameters.keys()].filter((name) => name.startsWith("_pq_."));
  if (spoken !== minor || unknown.length > 0) client.write(negotiateProtocolVersion(spoken, unknown));
  return spoken;
}

async function authenticate(
  gateway: Gateway,
  client: ClientConnection,
  user: string,
  reader: Reader,
): Promise<ScramSecret> {
  const verifier = parseVerifier((await gateway.admin.verifierOf(user)) ?? "");
  const server = new ScramServer(verifier ?? mockVerifier(user, mockSecret));
  client.write(authenticationSasl(["SCRAM-SHA-256"]));

  const initial = await saslMessage(reader);
  const nameEnd = initial.indexOf(0, headerBytes);
  const mechanism = nameEnd < 0 ? "" : initial.toString("utf8", headerBytes, nameEnd);
  if (mechanism !== "SCRAM-SHA-256") {
    throw fatal("08P01", "client selected an invalid SASL authentication mechanism");
  }
  if (initial.length < nameEnd + 5) throw fatal("08P01", "malformed SCRAM message");
  client.write(authenticationSaslContinue(server.first(initial.toString("utf8", nameEnd + 5))));

  const response = await saslMessage(reader);
  const result = server.final(response.toString("utf8", headerBytes));
  if (result === undefined || verifier === undefined) {
    throw fatal("28P01", `password authentication failed for user "${user}"`);
  }
  client.write(authenticationSaslFinal(result.serverFinal));
  return result.secret;
}

async function saslMessage(reader: Reader): Promise<Buffer> {
  const { type, bytes } = await reader.next(startupPacketMaxBytes);
  if (type !== frontend.password) throw fatal("08P01", `expected SASL response, got message type ${type}`);
  return bytes;
}

/** Equal for equal secrets; not the secret itself. */
function secretKey(secret: ScramSecret | undefined): string {
  if (secret === undefined) return "";
  const bytes = secret.kind === "keys" ? secret.clientKey : Buffer.from(secret.password);
  return createHash("sha256").update(bytes).digest("base64");
}

function fatal(code: string, message: string): SqlError {
  return new SqlError({ severity: "FATAL", code, message });
}
