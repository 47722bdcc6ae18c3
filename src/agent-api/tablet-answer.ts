// What a tablet says of itself to another one, and after a pledge. Everything that a failover is decided by is in here.
import type { Json } from "../base/json.ts";
import { lsnText } from "../base/lsn.ts";
import type { MessageFields } from "./message-fields.ts";
import { type Pledge, readPledge, writePledge } from "./pledge.ts";
import { readSettingsInForce, type SettingsInForce, writeSettingsInForce } from "./settings-in-force.ts";

export interface WalPosition {
  /** Of the primary that wrote the last record. */
  readonly term: number;
  readonly lsn: number;
}

/** `none`: there is no data yet. */
export type TabletRole = "none" | "stopped" | "starting" | "primary" | "standby";

export interface TabletAnswer {
  readonly name: string;
  /** On its disk. */
  readonly pledge: Pledge;
  /** False while it may lack what it once had: it is being built, or rewound. */
  readonly isWhole: boolean;
  /** All that it will ever have of older terms than its pledge's. Left out until that is known exactly. */
  readonly wal?: WalPosition;
  readonly role: TabletRole;
  /** What its WAL says at present: of which term it is. */
  readonly term?: number;
  /** Where it ends at present. */
  readonly lsn?: number;
  /** PostgreSQL's timeline. */
  readonly timeline?: number;
  /** Where each term began, as its WAL says, the oldest first. */
  readonly terms?: readonly WalPosition[];
  /** What all tablets of a shard have in common. */
  readonly systemIdentifier?: string;
  /** Of its disk. */
  readonly freeDiskBytes?: number;
  /** The primary that it receives WAL from, and of which term. */
  readonly follows?: { readonly primary: string; readonly term: number };
  /** How the cluster's settings are in force. */
  readonly settings?: SettingsInForce;
}

const roles: readonly TabletRole[] = ["none", "stopped", "starting", "primary", "standby"];

/** Throws AppError "invalid-message". Fields that only a newer version knows are passed over: both run during an upgrade. */
export function readTabletAnswer(fields: MessageFields): TabletAnswer {
  const { optional, object, integer, lsn, list } = fields;
  const wal = optional("wal", (name) => readWalPosition(object(name)));
  const term = optional("term", integer);
  const end = optional("lsn", lsn);
  const timeline = optional("timeline", integer);
  const terms = optional("terms", (name) => list(name).map(readWalPosition));
  const systemIdentifier = optional("systemIdentifier", fields.text);
  const freeDiskBytes = optional("freeDiskBytes", integer);
  const follows = optional("follows", (name) => readFollowed(object(name)));
  const settings = optional("settings", (name) => readSettingsInForce(object(name)));
  return {
    name: fields.text("name"),
    pledge: readPledge(object("pledge")),
    isWhole: fields.flag("isWhole"),
    role: fields.oneOf("role", roles),
    ...(wal && { wal }),
    ...(term !== undefined && { term }),
    ...(end !== undefined && { lsn: end }),
    ...(timeline !== undefined && { timeline }),
    ...(terms && { terms }),
    ...(systemIdentifier !== undefined && { systemIdentifier }),
    ...(freeDiskBytes !== undefined && { freeDiskBytes }),
    ...(follows && { follows }),
    ...(settings && { settings }),
  };
}

export function writeTabletAnswer(answer: TabletAnswer): { readonly [key: string]: Json } {
  const { name, pledge, isWhole, role, wal, term, lsn, timeline, terms, follows } = answer;
  const { systemIdentifier, freeDiskBytes, settings } = answer;
  return {
    name,
    role,
    isWhole,
    pledge: writePledge(pledge),
    ...(wal && { wal: writeWalPosition(wal) }),
    ...(term !== undefined && { term }),
    ...(lsn !== undefined && { lsn: lsnText(lsn) }),
    ...(timeline !== undefined && { timeline }),
    ...(terms && { terms: terms.map(writeWalPosition) }),
    ...(systemIdentifier !== undefined && { systemIdentifier }),
    ...(freeDiskBytes !== undefined && { freeDiskBytes }),
    ...(follows && { follows: { primary: follows.primary, term: follows.term } }),
    ...(settings && { settings: writeSettingsInForce(settings) }),
  };
}

function readFollowed(fields: MessageFields): NonNullable<TabletAnswer["follows"]> {
  return { primary: fields.text("primary"), term: fields.integer("term") };
}

function readWalPosition(fields: MessageFields): WalPosition {
  return { term: fields.integer("term"), lsn: fields.lsn("lsn") };
}

function writeWalPosition({ term, lsn }: WalPosition): Json {
  return { term, lsn: lsnText(lsn) };
}
