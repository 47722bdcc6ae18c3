// SCRAM-SHA-256 (RFC 5802, RFC 7677; manual: "SASL Authentication"), both sides, as data. The server side learns the
// ClientKey out of the client's proof; with it the gateway authenticates as that role to every shard whose role has the
// same verifier, and never knows a password.
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { SqlError } from "./sql-error.ts";

export interface ScramVerifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** What proves a role's identity to a server: a password, or the keys that a login brought. */
export type ScramSecret =
  | { readonly kind: "password"; readonly password: string }
  | { readonly kind: "keys"; readonly clientKey: Buffer; readonly serverKey: Buffer };

const hmac = (key: Buffer, text: string | Buffer): Buffer => createHmac("sha256", key).update(text).digest();
const sha256 = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest();
const xor = (a: Buffer, b: Buffer): Buffer => Buffer.from(a.map((byte, i) => byte ^ b[i]!));
const saltedPassword = (password: string, salt: Buffer, iterations: number): Buffer =>
  pbkdf2Sync(saslPrep(password), salt, iterations, 32, "sha256");

/** SASLprep (RFC 4013): blanks are mapped to the space, what is invisible to nothing, then NFKC. */
function saslPrep(password: string): string {
  return password
    .replace(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g, " ")
    .replace(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/g, "")
    .normalize("NFKC");
}

/** Reads `SCRAM-SHA-256$iterations:salt$storedKey:serverKey` of pg_authid; undefined for anything else. */
export function parseVerifier(text: string): ScramVerifier | undefined {
  const match = /^SCRAM-SHA-256\$(\d{1,9}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/.exec(text);
  if (!match) return undefined;
  const [storedKey, serverKey] = [Buffer.from(match[3]!, "base64"), Buffer.from(match[4]!, "base64")];
  if (storedKey.length !== 32 || serverKey.length !== 32) return undefined;
  return { iterations: Number(match[1]), salt: Buffer.from(match[2]!, "base64"), storedKey, serverKey };
}

/** The verifier that PostgreSQL would store for this password. */
export function makeVerifier(password: string, salt = randomBytes(16), iterations = 4096): string {
  const salted = saltedPassword(password, salt, iterations);
  const storedKey = sha256(hmac(salted, "Client Key")).toString("base64");
  const serverKey = hmac(salted, "Server Key").toString("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}

/** A verifier that no password fits, so that unknown roles cannot be told from wrong passwords. */
export function mockVerifier(role: string, secret: Buffer): ScramVerifier {
  const derive = (label: string) => hmac(secret, `${label}:${role}`);
  return {
    iterations: 4096,
    salt: derive("salt").subarray(0, 16),
    storedKey: derive("stored"),
    serverKey: derive("server"),
  };
}

export class ScramServer {
  #verifier: ScramVerifier;
  #nonce = "";
  #firstBare = "";
  #serverFirst = "";

  constructor(verifier: ScramVerifier) {
    this.#verifier = verifier;
  }

  /** Takes client-first-message, gives server-first-message. */
  first(clientFirst: string): string {
    const match = /^(n|y),([^,]*),(?:m=[^,]*,)?(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]+))/.exec(clientFirst);
    if (!match) throw malformed();
    this.#firstBare = clientFirst.slice(match[1]!.length + match[2]!.length + 2);
    this.#nonce = match[4]! + randomBytes(18).toString("base64");
    const { salt, iterations } = this.#verifier;
    this.#serverFirst = `r=${this.#nonce},s=${salt.toString("base64")},i=${iterations}`;
    return this.#serverFirst;
  }

  /** Takes client-final-message; undefined when the password is wrong. */
  final(clientFinal: string): { readonly serverFinal: string; readonly secret: ScramSecret } | undefined {
    const match = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)),p=([A-Za-z0-9+/=]+)$/.exec(clientFinal);
    if (!match) throw malformed();
    const binding = Buffer.from(match[2]!, "base64").toString();
    if (match[3] !== this.#nonce || (binding !== "n,," && binding !== "y,,")) throw malformed();
    const proof = Buffer.from(match[4]!, "base64");
    if (proof.length !== 32) throw malformed();
    const authMessage = `${this.#firstBare},${this.#serverFirst},${match[1]}`;
    const clientKey = xor(proof, hmac(this.#verifier.storedKey, authMessage));
    if (!timingSafeEqual(sha256(clientKey), this.#verifier.storedKey)) return undefined;
    const signature = hmac(this.#verifier.serverKey, authMessage).toString("base64");
    return {
      serverFinal: `v=${signature}`,
      secret: { kind: "keys", clientKey, serverKey: this.#verifier.serverKey },
    };
  }
}

export class ScramClient {
  #secret: ScramSecret;
  #nonce = randomBytes(18).toString("base64");
  #expectedSignature = "";

  constructor(secret: ScramSecret) {
    this.#secret = secret;
  }

  first(): string {
    return `n,,n=,r=${this.#nonce}`;
  }

  final(serverFirst: string): string {
    const match = /^r=([^,]+),s=([A-Za-z0-9+/=]+),i=(\d{1,9})/.exec(serverFirst);
    if (match === null || !match[1]!.startsWith(this.#nonce)) throw malformed();
    const { clientKey, serverKey } = this.#keys(Buffer.from(match[2]!, "base64"), Number(match[3]));
    const withoutProof = `c=biws,r=${match[1]}`;
    const authMessage = `n=,r=${this.#nonce},${serverFirst},${withoutProof}`;
    this.#expectedSignature = hmac(serverKey, authMessage).toString("base64");
    return `${withoutProof},p=${xor(clientKey, hmac(sha256(clientKey), authMessage)).toString("base64")}`;
  }

  /** Throws when the server does not know the secret either. */
  verify(serverFinal: string): void {
    if (serverFinal !== `v=${this.#expectedSignature}`) throw malformed();
  }

  #keys(salt: Buffer, iterations: number): { clientKey: Buffer; serverKey: Buffer } {
    if (this.#secret.kind === "keys") return this.#secret;
    const salted = saltedPassword(this.#secret.password, salt, iterations);
    return { clientKey: hmac(salted, "Client Key"), serverKey: hmac(salted, "Server Key") };
  }
}

function malformed(): SqlError {
  return new SqlError({ severity: "FATAL", code: "08P01", message: "malformed SCRAM message" });
}
