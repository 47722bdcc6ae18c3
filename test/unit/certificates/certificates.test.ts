// Certificates as OpenSSL (in Node) reads them, and as it believes them, or not, when two connect.
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { type Holder, issue } from "../../../src/certificates/issue.ts";
import type { Issued } from "../../../src/certificates/issued.ts";
import { makeAuthority } from "../../../src/certificates/make-authority.ts";
import { renewalReason } from "../../../src/certificates/renewal-reason.ts";

const now = new Date("2026-11-28T12:00:00.500Z");
const dayMs = 24 * 3_600_000;
const authority = makeAuthority({ name: "shardgres test", days: 3650, now: new Date() });
const both: Holder = { name: "agent", names: ["localhost"], addresses: ["127.0.0.1"], purposes: ["server", "client"] };
const fresh = { days: 90, now: new Date() };

test("an authority signs itself, and may not make other authorities", () => {
  const { certificate, key } = makeAuthority({ name: 'cluster "ü", o=1', days: 10, now });
  const found = new X509Certificate(certificate);
  expect(found.ca).toBe(true);
  expect(found.subject).toBe(found.issuer);
  expect(found.verify(found.publicKey)).toBe(true);
  expect(found.validFromDate).toEqual(new Date("2026-11-27T12:00:00Z"));
  expect(found.validToDate).toEqual(new Date("2026-12-08T12:00:00Z"));
  expect(renewalReason({ certificate, key }, { issuedBy: undefined }, now)).toBeUndefined();
  const leaf = issue({ certificate, key }, both, { days: 5, now });
  expect(new X509Certificate(leaf.certificate).issuer).toBe(found.subject);
  expect(new X509Certificate(leaf.certificate).checkIssued(found)).toBe(true);
});

test("what is issued names its holder, its addresses and its purposes", () => {
  const holder: Holder = {
    name: "agent",
    names: ["s1-0.shop.svc", "*.agents.example"],
    addresses: ["10.1.2.3", "fd00::1:2"],
    purposes: ["client"],
  };
  const found = new X509Certificate(issue(authority, holder, fresh).certificate);
  expect(found.subject).toBe("CN=agent");
  expect(found.subjectAltName).toBe(
    "DNS:s1-0.shop.svc, DNS:*.agents.example, IP Address:10.1.2.3, IP Address:FD00:0:0:0:0:0:1:2",
  );
  expect(found.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
  expect(found.ca).toBe(false);
});

test("it does not outlive its authority, and serial numbers differ", () => {
  const short = makeAuthority({ name: "short", days: 10, now });
  const [a, b] = [1, 2].map(() => new X509Certificate(issue(short, both, { days: 90, now }).certificate));
  expect(a!.validToDate).toEqual(new Date("2026-12-08T12:00:00Z"));
  expect(a!.serialNumber).not.toBe(b!.serialNumber);
});

test("certificates beyond 2049 are written as RFC 5280 wants them", () => {
  const { certificate } = makeAuthority({ name: "long", days: 36_500, now });
  expect(new X509Certificate(certificate).validToDate).toEqual(new Date("2126-11-04T12:00:00Z"));
});

test.each(["", "a b", "a..b", "10.0.0.1", "x\0y", "-a", `${"a".repeat(64)}.b`])("%j is no name in DNS", (name) => {
  expect(() => issue(authority, { ...both, names: [name] }, fresh)).toThrow("not a name in DNS");
});

test("nor is a name an address", () => {
  expect(() => issue(authority, { ...both, addresses: ["localhost"] }, fresh)).toThrow("not an IP address: localhost");
});

test("it is renewed in the last third of its life, when names change, and when it is no good", () => {
  const authority = makeAuthority({ name: "a", days: 3650, now });
  const other = makeAuthority({ name: "a", days: 3650, now });
  const leaf = issue(authority, both, { days: 89, now });
  const wanted = { issuedBy: authority.certificate, names: ["localhost"], addresses: ["127.0.0.1"] };
  const after = (days: number) => new Date(now.getTime() + days * dayMs);
  const reason = (found: Partial<Issued>, more: object = {}, at = now) =>
    renewalReason({ certificate: found.certificate, key: found.key }, { ...wanted, ...more }, at);
  expect(reason(leaf)).toBeUndefined();
  expect(reason(leaf, {}, after(58.9))).toBeUndefined();
  expect(reason(leaf, {}, after(59.1))).toBe("it will run out");
  expect(reason(leaf, {}, after(90))).toBe("it has run out");
  expect(reason(leaf, {}, after(-2))).toBe("it is not valid yet");
  expect(reason(leaf, { names: ["localhost", "host"], addresses: ["::1"] })).toBe("it is not for host, ::1");
  expect(reason(leaf, { issuedBy: other.certificate })).toBe("another authority has issued it");
  expect(reason(leaf, { issuedBy: undefined })).toBe("it is not an authority's");
  expect(reason(authority)).toBe("it is an authority's");
  expect(reason({ ...leaf, key: other.key })).toBe("its key is not there");
  expect(reason({ certificate: leaf.certificate })).toBe("its key is not there");
  expect(reason({})).toBe("there is none");
  expect(reason({ ...leaf, certificate: leaf.certificate.slice(0, 300) })).toBe("it cannot be read");
});

interface Handshake {
  /** Why the client does not believe the server; undefined: it does. */
  readonly client: string | undefined;
  /** Why the server does not believe the client. */
  readonly server: string | undefined;
}

/** Two connect, each with its certificate, and trust the authority. */
async function handshake(server: Issued, client: Issued, servername: string): Promise<Handshake> {
  const ca = authority.certificate;
  const tls = { ca, cert: server.certificate, key: server.key, requestCert: true, rejectUnauthorized: false };
  const listener = createServer(tls);
  onTestFinished(() => void listener.close());
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const secured = once(listener, "secureConnection");
  const pair = { ca, cert: client.certificate, key: client.key, rejectUnauthorized: false };
  const socket = connect({ host: "127.0.0.1", port, servername, ...pair });
  const [accepted] = (await secured) as [TLSSocket];
  if (!socket.authorized && socket.authorizationError === undefined) await once(socket, "secureConnect");
  const errorOf = (each: TLSSocket) => {
    const error = each.authorizationError as unknown;
    return each.authorized ? undefined : error instanceof Error ? (error as NodeJS.ErrnoException).code : String(error);
  };
  const outcome = { client: errorOf(socket), server: errorOf(accepted) };
  socket.destroy();
  accepted.destroy();
  return outcome;
}

const good = issue(authority, both, fresh);

test("OpenSSL believes both sides", async () => {
  expect(await handshake(good, good, "localhost")).toEqual({ client: undefined, server: undefined });
});

test("it does not believe a server under another name", async () => {
  expect((await handshake(good, good, "elsewhere")).client).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
});

test("it does not believe a client with a server's certificate, nor a server with a client's", async () => {
  const serverOnly = issue(authority, { ...both, purposes: ["server"] }, fresh);
  const clientOnly = issue(authority, { ...both, purposes: ["client"] }, fresh);
  expect(await handshake(serverOnly, clientOnly, "localhost")).toEqual({ client: undefined, server: undefined });
  expect(await handshake(clientOnly, serverOnly, "localhost")).toEqual({
    client: "INVALID_PURPOSE",
    server: "INVALID_PURPOSE",
  });
});

test("it does not believe those of another authority, even of the same name, nor those that have run out", async () => {
  const stranger = issue(makeAuthority({ name: "shardgres test", ...fresh }), both, fresh);
  expect((await handshake(good, stranger, "localhost")).server).toMatch(/SELF_SIGNED|UNABLE_TO|SIGNATURE/);
  const old = issue(authority, both, { days: 5, now: new Date(Date.now() - 10 * dayMs) });
  expect((await handshake(good, old, "localhost")).server).toBe("CERT_HAS_EXPIRED");
});
