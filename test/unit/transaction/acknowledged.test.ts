// Who must know that standbys have what a shard shows waits with the others who must, however many they are.
import { expect, test } from "vitest";
import type { AdminQuery } from "../../../src/pool/admin-connections.ts";
import { shardName } from "../../../src/topology/documents.ts";
import { acknowledged } from "../../../src/transaction/acknowledged.ts";

const s1 = shardName("s1");

/** A shard that answers when it is told to. */
function slowShard() {
  const answers: PromiseWithResolvers<(string | null)[][]>[] = [];
  const ask: AdminQuery = () => {
    const answer = Promise.withResolvers<(string | null)[][]>();
    answers.push(answer);
    return answer.promise;
  };
  return { ask, answers };
}

test("whoever comes while one waits shares the next one, which begins after he came", async () => {
  const { ask, answers } = slowShard();
  const first = acknowledged(ask, s1, "postgres");
  const others = Array.from({ length: 100 }, () => acknowledged(ask, s1, "postgres"));
  expect(answers).toHaveLength(1);
  answers[0]!.resolve([]);
  await first;
  expect(answers).toHaveLength(2);
  const late = acknowledged(ask, s1, "postgres");
  answers[1]!.resolve([]);
  await Promise.all(others);
  answers[2]!.resolve([]);
  await late;
  expect(answers).toHaveLength(3);
  void acknowledged(ask, s1, "postgres");
  expect(answers).toHaveLength(4);
});

test("one that fails fails for those who waited for it, and not for those who came later", async () => {
  const { ask, answers } = slowShard();
  const first = acknowledged(ask, s1, "postgres");
  const second = acknowledged(ask, s1, "postgres");
  answers[0]!.reject(new Error("no standby answers"));
  await expect(first).rejects.toThrow("no standby answers");
  answers[1]!.resolve([]);
  await second;
});

test("shards and databases do not wait for each other", () => {
  const { ask, answers } = slowShard();
  for (const shard of [s1, shardName("s2")]) for (const name of ["a", "b"]) void acknowledged(ask, shard, name);
  expect(answers).toHaveLength(4);
});
