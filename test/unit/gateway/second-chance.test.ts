// What may be sent twice, by its text.
import { expect, test } from "vitest";
import { effectOf } from "../../../gateway/second-chance.ts";

test.each([
  ["update t set a = 1", "undoable"],
  ["  -- why\n/* and how */ INSERT into t values (1)", "undoable"],
  ["with x as (delete from t returning *) select * from x", "undoable"],
  ["(select nextval('s'))", "undoable"],
  ["merge into t using s on true when matched then delete", "undoable"],
  ["call p()", "lasting"],
  ["do $$ begin commit; end $$", "lasting"],
  ["vacuum t", "lasting"],
  ["copy t to program 'mail'", "lasting"],
  ["updated", "lasting"],
  ["explain analyze update t set a = 1", "lasting"],
])("%s: %s", (text, effect) => {
  expect(effectOf(false, [text])).toBe(effect);
  expect(effectOf(false, ["select 1", text])).toBe(effect);
  expect(effectOf(true, [text])).toBe("none");
});
