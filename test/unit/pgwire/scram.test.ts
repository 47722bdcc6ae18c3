// SCRAM-SHA-256, both sides against each other and against the RFC.
import { describe, expect, test } from "vitest";
import {
  makeVerifier,
  mockVerifier,
  parseVerifier,
  ScramClient,
  type ScramSecret,
  ScramServer,
} from "../../../src/pgwire/scram.ts";

const verifier = parseVerifier(makeVerifier("pencil"))!;

function login(secret: ScramSecret, server = new ScramServer(verifier)) {
  const client = new ScramClient(secret);
  const result = server.final(client.final(server.first(client.first())));
  if (result !== undefined) client.verify(result.serverFinal);
  return result?.secret;
}

describe("SCRAM-SHA-256", () => {
  test("PostgreSQL's own verifier of a password is read and made alike", () => {
    const salt = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
    // RFC 7677, section 3: user "user", password "pencil".
    expect(makeVerifier("pencil", salt, 4096)).toBe(
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
    );
  });

  test("a password opens the door; the keys learnt from it open the next one", () => {
    const keys = login({ kind: "password", password: "pencil" });
    expect(keys?.kind).toBe("keys");
    expect(login(keys!)?.kind).toBe("keys");
  });

  test("a wrong password, and any password of an unknown role, is refused", () => {
    expect(login({ kind: "password", password: "pencils" })).toBeUndefined();
    const mock = new ScramServer(mockVerifier("nobody", Buffer.alloc(32)));
    expect(login({ kind: "password", password: "" }, mock)).toBeUndefined();
  });

  test("a server that does not know the secret is found out", () => {
    const client = new ScramClient({ kind: "password", password: "pencil" });
    const server = new ScramServer(verifier);
    client.final(server.first(client.first()));
    expect(() => client.verify("v=AAAA")).toThrow("malformed SCRAM message");
  });

  test.each(["", "n,,", "n,,r=x", "p=tls-server-end-point,,n=,r=abc", "n,,n=,r=a,b", "y", "\0"])(
    "the first message %j is malformed or refused without harm",
    (message) => {
      const server = new ScramServer(verifier);
      try {
        server.first(message);
        expect(server.final("c=biws,r=x,p=AAAA")).toBeUndefined();
      } catch (error) {
        expect(error).toMatchObject({ fields: { code: "08P01" } });
      }
    },
  );

  test.each(["md5abc", "SCRAM-SHA-256$4096:x", "SCRAM-SHA-256$4096:c2FsdA==$AAAA:AAAA", "secret", ""])(
    "%j is no verifier",
    (text) => {
      expect(parseVerifier(text)).toBeUndefined();
    },
  );
});
