// passwd(5), as far as it is needed.
import { expect, test } from "vitest";
import { parsePasswd } from "../../../src/local/server-user.ts";

test("users are read with their ids; lines that are none are passed over", () => {
  const text = "root:x:0:0:root:/root:/bin/bash\n# comment\n\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n";
  expect(parsePasswd(text)).toEqual([
    { name: "root", uid: 0, gid: 0 },
    { name: "nobody", uid: 65534, gid: 65534 },
  ]);
});
