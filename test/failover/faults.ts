// What happens to the shard in trials. "machine" is agent and PostgreSQL together.
import { delay } from "../../src/base/delay.ts";
import type { Stage } from "./stage.ts";
import type { TabletProcess } from "./tablet-process.ts";
import type { Fault } from "./trial.ts";

export type Who = "primary" | "standby";

/** Longer than a lease, and than what it takes to begin a term after it: who could take over has done so. */
export const longMs = 9_000;
const refusedMsMax = 5_000;
const pollMs = 50;

export const switchover: Fault = {
  name: "a planned switchover",
  async inject(stage) {
    const primary = stage.target(await stage.primary());
    for (const deadlineMs = performance.now() + refusedMsMax; ; await delay(pollMs)) {
      const outcome = await stage.agents.switchover(primary, {});
      if (outcome.kind === "done") return undefined;
      // A primary that is new has to hear of its standbys first.
      const isEarly = outcome.kind === "refused" && performance.now() < deadlineMs;
      if (!isEarly) throw new Error(`the switchover is ${outcome.kind}: ${outcome.reason}`);
    }
  },
  primary: "changes",
  isPlanned: true,
  pauseMsMax: 5_000,
};

export const killPostgres: Fault = {
  name: "PostgreSQL of the primary is killed",
  inject: on("primary", (tablet) => tablet.kill("postgres")),
  primary: "any",
  pauseMsMax: 8_000,
};

export const killAgent: Fault = {
  name: "the agent of the primary is killed",
  inject: on("primary", (tablet) => tablet.kill("agent")),
  // Until somebody starts it again.
  lastsMs: 2_000,
  primary: "any",
  pauseMsMax: 15_000,
};

/** PostgreSQL lives on without anybody to stop it. */
export const loseAgent: Fault = {
  name: "the agent of the primary is killed, and comes back later",
  inject: on("primary", (tablet) => {
    tablet.keepDown("agent");
    return () => tablet.revive();
  }),
  primary: "changes",
  pauseMsMax: 15_000,
};

export const killMachine: Fault = {
  name: "the machine of the primary dies, and comes back later",
  inject: on("primary", (tablet) => {
    tablet.keepDown("agent", "postgres");
    return () => tablet.revive();
  }),
  primary: "changes",
  pauseMsMax: 15_000,
};

export const freezeMachine: Fault = { ...freeze("primary", "agent", "postgres"), primary: "changes" };
export const freezeAgent: Fault = { ...freeze("primary", "agent"), primary: "changes" };
export const freezePostgres: Fault = freeze("primary", "postgres");

/** Each time when it has come back. */
export const crashLoop: Fault = {
  name: "PostgreSQL of the primary crashes again and again",
  async inject(stage) {
    const primary = await stage.primary();
    const isPrimary = async () => (await stage.primary()) === primary;
    const isBack = async () => (await stage.agents.ask(stage.target(primary))).role === "primary";
    for (let crashes = 0; crashes < 3 && (await isPrimary()); crashes++) {
      primary.kill("postgres");
      await delay(pollMs);
      while ((await isPrimary()) && !(await isBack())) await delay(pollMs);
    }
    return undefined;
  },
  isAlone: true,
  primary: "changes",
  because: [/PostgreSQL (crashes again and again|has been down for 1.5 s), and others can take over/],
  pauseMsMax: 8_000,
};

export const killStandby: Fault = {
  name: "PostgreSQL of a standby is killed",
  inject: on("standby", (tablet) => tablet.kill("postgres")),
  primary: "stays",
  pauseMsMax: 3_000,
};

export const killStandbyAgent: Fault = {
  name: "the agent of a standby is killed",
  inject: on("standby", (tablet) => tablet.kill("agent")),
  lastsMs: 2_000,
  primary: "stays",
  pauseMsMax: 3_000,
};

export const killStandbyMachine: Fault = {
  name: "the machine of a standby dies, and comes back later",
  inject: on("standby", (tablet) => {
    tablet.keepDown("agent", "postgres");
    return () => tablet.revive();
  }),
  lastsMs: longMs,
  primary: "stays",
  pauseMsMax: 3_000,
};

export const killBothStandbys: Fault = {
  name: "the machines of both standbys die, and come back later",
  async inject(stage) {
    const standbys = await stage.standbys();
    for (const tablet of standbys) tablet.keepDown("agent", "postgres");
    return () => {
      for (const tablet of standbys) tablet.revive();
    };
  },
  lastsMs: longMs,
  blocks: true,
  primary: "any",
  pauseMsMax: 20_000,
};

export const killAll: Fault = {
  name: "all machines die, and come back",
  async inject(stage) {
    for (const tablet of stage.tablets) tablet.keepDown("agent", "postgres");
    return () => {
      for (const tablet of stage.tablets) tablet.revive();
    };
  },
  lastsMs: 0,
  blocks: true,
  primary: "any",
  pauseMsMax: 20_000,
};

export const freezeStandby: Fault = { ...freeze("standby", "agent", "postgres"), lastsMs: longMs, primary: "stays" };
export const freezeStandbyAgent: Fault = { ...freeze("standby", "agent"), lastsMs: longMs, primary: "stays" };
export const freezeStandbyPostgres: Fault = { ...freeze("standby", "postgres"), lastsMs: longMs, primary: "stays" };

export const takeStore: Fault = {
  name: "the store is away for everybody",
  inject: withoutStore((stage) => Promise.resolve(stage.parties)),
  lastsMs: longMs,
  primary: "stays",
  pauseMsMax: 2_000,
};

export const takeStoreOfPrimary: Fault = {
  name: "the store is away for the primary",
  inject: withoutStore(async (stage) => [(await stage.primary()).name]),
  primary: "changes",
  pauseMsMax: 15_000,
};

export const takeStoreOfStandby: Fault = {
  name: "the store is away for a standby",
  inject: withoutStore(async (stage) => [(await stage.standbys())[0]!.name]),
  lastsMs: longMs,
  primary: "stays",
  pauseMsMax: 2_000,
};

export const isolatePrimary: Fault = {
  name: "the primary is cut off from everybody and the store",
  async inject(stage) {
    const { name } = await stage.primary();
    for (const party of stage.parties) stage.network.cut(name, party);
    await stage.takeStore(name);
    return async () => {
      stage.network.heal();
      await stage.giveStore(name);
    };
  },
  lastsMs: longMs,
  primary: "changes",
  pauseMsMax: 15_000,
};

export const cutPrimaryFromStandbys: Fault = {
  name: "the primary is cut off from its standbys",
  inject: cutting(async (stage, { name }) => {
    for (const standby of await stage.standbys()) stage.network.cut(name, standby.name);
  }),
  lastsMs: longMs,
  blocks: true,
  primary: "any",
  pauseMsMax: 20_000,
};

export const cutWaysToStandbys: Fault = {
  name: "nothing from the primary arrives at its standbys",
  inject: cutting(async (stage, { name }) => {
    for (const standby of await stage.standbys()) stage.network.cutOneWay(name, standby.name);
  }),
  lastsMs: longMs,
  blocks: true,
  primary: "any",
  pauseMsMax: 20_000,
};

export const cutWaysFromStandbys: Fault = {
  name: "nothing from its standbys arrives at the primary",
  inject: cutting(async (stage, { name }) => {
    for (const standby of await stage.standbys()) stage.network.cutOneWay(standby.name, name);
  }),
  lastsMs: longMs,
  blocks: true,
  primary: "any",
  pauseMsMax: 20_000,
};

export const cutStandby: Fault = {
  name: "a standby is cut off from everybody and the store",
  async inject(stage) {
    const { name } = (await stage.standbys())[0]!;
    for (const party of stage.parties) stage.network.cut(name, party);
    await stage.takeStore(name);
    return async () => {
      stage.network.heal();
      await stage.giveStore(name);
    };
  },
  lastsMs: longMs,
  primary: "stays",
  pauseMsMax: 3_000,
};

export const cutGateway: Fault = {
  name: "the gateway is cut off from the primary",
  inject: cutting(async (stage, { name }) => stage.network.cut("gateway", name)),
  lastsMs: 5_000,
  blocks: true,
  primary: "stays",
  pauseMsMax: 10_000,
};

/** The second one while the first one lasts; both are mended together. */
export function together(one: Fault, other: Fault, afterMs: number): Fault {
  return {
    name: `${one.name}, and ${afterMs} ms later ${other.name}`,
    async inject(stage) {
      const mendOne = await one.inject(stage);
      await delay(afterMs);
      const mendOther = await other.inject(stage);
      return async () => {
        await mendOther?.();
        await mendOne?.();
      };
    },
    lastsMs: longMs,
    // Two of three tablets may be away.
    blocks: true,
    primary: "any",
    moreErrors: [...(one.moreErrors ?? []), ...(other.moreErrors ?? [])],
    pauseMsMax: 30_000,
  };
}

function freeze(who: Who, ...parts: readonly ("agent" | "postgres")[]): Fault {
  const what = parts.length === 2 ? "the machine" : parts[0] === "agent" ? "the agent" : "PostgreSQL";
  return {
    name: `${what} of ${who === "primary" ? "the primary" : "a standby"} is frozen`,
    inject: on(who, (tablet) => {
      tablet.freeze(...parts);
      return () => tablet.thaw();
    }),
    primary: "any",
    pauseMsMax: who === "primary" ? 20_000 : 3_000,
  };
}

export function on(who: Who, act: (tablet: TabletProcess) => unknown): Fault["inject"] {
  return async (stage) => {
    const tablet = who === "primary" ? await stage.primary() : (await stage.standbys())[0]!;
    const mend = act(tablet);
    return typeof mend === "function" ? () => mend() : undefined;
  };
}

function cutting(cut: (stage: Stage, primary: TabletProcess) => Promise<void>): Fault["inject"] {
  return async (stage) => {
    await cut(stage, await stage.primary());
    return () => stage.network.heal();
  };
}

function withoutStore(whose: (stage: Stage) => Promise<readonly string[]>): Fault["inject"] {
  return async (stage) => {
    const parties = await whose(stage);
    await Promise.all(parties.map((party) => stage.takeStore(party)));
    return () => Promise.all(parties.map((party) => stage.giveStore(party)));
  };
}
