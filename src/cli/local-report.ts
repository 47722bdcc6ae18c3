// What `shardgres local` shows: a line for each program while the cluster starts, redrawn in place on a terminal; later a
// line for each event.
import { unreachable } from "../base/assert.ts";
import type { ClusterEvent } from "../local/cluster-event.ts";

export interface ReportOutput {
  readonly isTerminal: boolean;
  write(text: string): void;
  /** Milliseconds of any clock. */
  now(): number;
}

export interface LocalReport {
  onEvent(event: ClusterEvent): void;
  /** The cluster runs: from now on events are news. */
  started(): void;
}

interface Line {
  readonly since: number;
  readonly text: string;
}

export function createLocalReport(output: ReportOutput, shownDirectory: string): LocalReport {
  const lines = new Map<string, Line>();
  let width = 0;
  let drawn = 0;
  let running = false;
  let stopping = false;

  const format = (who: string, text: string) => `  ${who.padEnd(width)}  ${text}\n`;
  const draw = () => {
    if (!output.isTerminal) return;
    const up = drawn > 0 ? `\x1b[${drawn}A` : "";
    output.write(`${up}${[...lines].map(([who, { text }]) => `\x1b[2K${format(who, text)}`).join("")}`);
    drawn = lines.size;
  };
  const news = (text: string) => {
    if (!stopping) output.write(`${text}\n`);
  };

  const show = (event: Extract<ClusterEvent, { kind: "doing" | "ready" }>) => {
    const { who } = event;
    const before = lines.get(who);
    const since = before?.since ?? output.now();
    if (event.kind === "doing") {
      // Starting what has just been made goes without saying.
      if (before === undefined || event.what !== "starting") lines.set(who, { since, text: `${event.what} ...` });
    } else {
      const text = `${before?.text ?? "..."} ready (${((output.now() - since) / 1000).toFixed(1)} s)`;
      lines.set(who, { since, text });
      if (!output.isTerminal) output.write(format(who, text));
    }
    draw();
  };

  return {
    started() {
      running = true;
    },
    onEvent(event) {
      switch (event.kind) {
        case "found": {
          const { shards, tablets, postgres } = event;
          width = Math.max(...[...tablets, "gateway", "controller"].map((name) => name.length));
          const count = `${shards.length} ${shards.length === 1 ? "shard" : "shards"}`;
          output.write(`shardgres local: ${count}, PostgreSQL ${postgres}, data in ${shownDirectory}\n`);
          for (const tablet of tablets) lines.set(tablet, { since: output.now(), text: "starting ..." });
          return draw();
        }
        case "doing":
          return running ? undefined : show(event);
        case "ready":
          return running ? news(`${event.who} is running again`) : show(event);
        case "crashed":
          // The lines above stay where they are.
          drawn = 0;
          return news(`${event.who}: ${event.reason}; starting it again`);
        case "primary":
          return running ? news(`${event.who} is primary now, in term ${event.term}: ${event.reason}`) : undefined;
        case "trouble":
          return news(`${event.who}: ${event.reason}`);
        case "resetting":
          return output.write(`deleting the cluster in ${shownDirectory}\n`);
        case "stopping":
          output.write("stopping ...\n");
          stopping = true;
          return;
        default:
          unreachable(event);
      }
    },
  };
}
