// The statements that turn the settings of one session into those of another.
import { describe, expect, test } from "vitest";
import { SessionSettings, settingsDifference } from "../../../src/pool/session-settings.ts";

const settings = (entries: Record<string, string>) => SessionSettings.of(Object.entries(entries));

describe("settingsDifference", () => {
  test("equal settings need nothing, in whatever order they were made", () => {
    expect(settingsDifference(settings({ a: "1", b: "2" }), settings({ b: "2", a: "1" }))).toBe("");
  });

  test("what is new is set, what is gone is reset, what is the same stays", () => {
    expect(settingsDifference(settings({ a: "1", b: "2", c: "3" }), settings({ b: "2", c: "4", d: "5" }))).toBe(
      "RESET a; SET SESSION c TO 4; SET SESSION d TO 5",
    );
  });

  test("a role is left before settings change and taken up after them", () => {
    expect(settingsDifference(settings({ role: "x", a: "1" }), settings({ role: "y", a: "2" }))).toBe(
      "RESET ROLE; SET SESSION a TO 2; SET SESSION ROLE y",
    );
    expect(settingsDifference(settings({ "session authorization": "x" }), SessionSettings.none)).toBe(
      "RESET SESSION AUTHORIZATION",
    );
  });

  test("a name that is no plain identifier is quoted", () => {
    expect(settingsDifference(SessionSettings.none, settings({ 'my"app.Some Name': "1" }))).toBe(
      'SET SESSION "my""app"."Some Name" TO 1',
    );
  });
});
