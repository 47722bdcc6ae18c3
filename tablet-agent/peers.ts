// The other tablets of the shard: asked again and again what they know, and for their pledges. Whatever they answer is as
// old as the question.
import type { AgentClient } from "../src/agent-api/agent-client.ts";
import type { Pledge } from "../src/agent-api/pledge.ts";
import type { TabletAnswer } from "../src/agent-api/tablet-answer.ts";
import type { Reach } from "../src/topology/reach.ts";
import type { Tablet } from "../src/topology/snapshot.ts";

/**
 * An answer, when its question was sent, by the clock of this agent, and since when the tablet has answered again and again that
 * it has the same role in the same term.
 */
export type PeerAnswer = TabletAnswer & { readonly askedAtMs: number; readonly sinceMs: number };

export interface Peers {
  /** The last answer of each that is still a tablet of the shard. */
  answers(): readonly PeerAnswer[];
  /** Asks everybody who is not being asked; `pledge`: for that. */
  ask(tablets: readonly Tablet[], pledge: Pledge | undefined): void;
}

export interface PeersOptions {
  readonly shard: string;
  readonly self: string;
  readonly reach: Reach;
  readonly client: Pick<AgentClient, "ask" | "pledge">;
  readonly now: () => number;
  readonly onAnswer: () => void;
  readonly signal: AbortSignal;
}

/** After a longer silence, nobody knows what was in between. */
const silenceMs = 3_000;

export function watchPeers({ shard, self, reach, client, now, onAnswer, signal }: PeersOptions): Peers {
  const answers = new Map<string, PeerAnswer>();
  const asking = new Set<string>();
  let names: ReadonlySet<string> = new Set();

  const hear = (name: string, answer: TabletAnswer, askedAtMs: number) => {
    const last = answers.get(name);
    // Answers may overtake each other; a pledge never goes back.
    if (last && (last.pledge.term > answer.pledge.term || last.askedAtMs > askedAtMs)) return;
    const isSame = last?.role === answer.role && last.term === answer.term && askedAtMs - last.askedAtMs < silenceMs;
    answers.set(name, { ...answer, askedAtMs, sinceMs: isSame ? last.sinceMs : askedAtMs });
    onAnswer();
  };

  const askOne = async ({ name, agent }: Tablet, pledge: Pledge | undefined) => {
    // A question for a pledge does not wait for one that only asks how things are.
    const question = `${name} ${pledge?.term ?? ""}`;
    if (!agent || asking.has(question)) return;
    asking.add(question);
    const askedAtMs = now();
    const target = { shard, tablet: name, address: reach(agent) };
    try {
      const answer = await (pledge ? client.pledge(target, pledge, signal) : client.ask(target, signal));
      hear(name, answer, askedAtMs);
    } catch {
      // That it has not answered is seen by the age of its last answer.
    } finally {
      asking.delete(question);
    }
  };

  return {
    answers: () => [...answers.values()].filter(({ name }) => names.has(name)),
    ask(tablets, pledge) {
      const others = tablets.filter(({ name }) => name !== self);
      names = new Set(others.map(({ name }) => name));
      for (const tablet of others) void askOne(tablet, pledge);
    },
  };
}
