// The rules of the house that a machine can check: who imports whom, which packages are used where, how files are named
// and how long they are. A rule that is in the way is changed here, on purpose, or not at all.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A room imports itself and the rooms named here. Every room stands below those that it imports. */
const rooms: Readonly<Record<string, string>> = {
  base: "",
  pgwire: "base",
  sql: "base pgwire",
  kube: "base",
  certificates: "base",
  sharding: "base pgwire",
  pgclient: "base pgwire",
  catalog: "base pgwire pgclient sharding",
  topology: "base kube sharding",
  "agent-api": "base topology",
  planner: "base pgwire sql sharding catalog",
  pool: "base pgwire pgclient topology",
  transaction: "base pgwire pgclient catalog topology pool",
  executor: "base pgwire pgclient sharding catalog topology planner pool transaction",
  resharding: "base pgwire pgclient sharding catalog topology agent-api",
  operator: "base kube certificates topology agent-api",
  controller: "base pgwire pgclient kube sharding catalog topology agent-api pool transaction resharding operator",
  local: "base pgwire pgclient certificates topology agent-api",
  admin: "base catalog topology agent-api resharding",
  cli: "base pgwire pgclient kube sharding catalog topology agent-api pool transaction resharding local admin",
};

/** Processes are imported by nobody. */
const processes: Readonly<Record<string, string>> = {
  gateway: "base pgwire sql kube pgclient sharding catalog topology agent-api planner pool transaction executor",
  "tablet-agent": "base pgwire pgclient kube topology agent-api",
};

/** Packages from npm, and the rooms that may use them when the program runs. */
const packages: Readonly<Record<string, string>> = {
  pino: "base",
  "pg-protocol": "pgwire pgclient",
  "libpg-query": "sql",
  "pgsql-deparser": "sql",
  "@pgsql/types": "sql planner",
  hashring: "sharding",
  pg: "catalog pool resharding controller admin gateway tablet-agent",
  "@kubernetes/client-node": "kube",
  "@peculiar/asn1-schema": "certificates",
  "@peculiar/asn1-x509": "certificates",
};

const topLevel = new Set(
  "package.json package-lock.json tsconfig.json biome.json vitest.config.ts src gateway tablet-agent deploy test bench docs"
    .concat(" LICENSE README.md ARCHITECTURE.md CHANGELOG.md node_modules")
    .split(" "),
);

const linesMax = 400;
const wordsOfNothing = /^(index|utils?|helpers?|common|types|misc|manager|constants)$/;
const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?$/;

interface Source {
  /** From the root: "src/base/log.ts". */
  readonly path: string;
  readonly text: string;
}

test("every file keeps to the table of imports", () => {
  expect(problems(importProblems)).toEqual([]);
});

test("packages are used only by the rooms that they are meant for", () => {
  expect(problems(packageProblems)).toEqual([]);
});

test("files are named after their one thing, in kebab-case", () => {
  expect(problems(nameProblems)).toEqual([]);
});

test("every file says at the top what it is", () => {
  expect(problems(openingProblems)).toEqual([]);
});

test(`no file is longer than ${linesMax} lines`, () => {
  expect(problems(lengthProblems)).toEqual([]);
});

test("nothing is left undone, silenced or left out", () => {
  expect(problems(unfinishedProblems)).toEqual([]);
});

test("the top level holds what it is meant to hold", () => {
  const ignored = readFileSync(join(root, ".gitignore"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("*."));
  const isKnown = (name: string) => name.startsWith(".") || topLevel.has(name);
  const isIgnored = (name: string) => ignored.some((pattern) => name.endsWith(pattern.slice(1)));
  const unknown = readdirSync(root).filter((name) => !isKnown(name) && !isIgnored(name));
  expect(unknown).toEqual([]);
});

test("the table is in order: a room stands below those that it imports", () => {
  const order = Object.keys(rooms);
  for (const [room, allowed] of Object.entries(rooms)) {
    for (const other of words(allowed))
      expect(order.indexOf(other), `${room} imports ${other}`).toBeLessThan(order.indexOf(room));
  }
});

describe("the rules find what they are for", () => {
  const samples: [string, (source: Source) => string[], string, string][] = [
    ["a room further down", importProblems, "src/base/a.ts", 'import { b } from "../sql/b.ts";'],
    ["a process", importProblems, "src/cli/a.ts", 'import { b } from "../../gateway/b.ts";'],
    ["another process", importProblems, "gateway/a.ts", 'import type { b } from "../tablet-agent/b.ts";'],
    ["a test", importProblems, "src/cli/a.ts", 'import {\n  b,\n} from "../../test/b.ts";'],
    ["an unknown room", importProblems, "src/cli/a.ts", 'import "../things/b.ts";'],
    ["a file without its ending", importProblems, "src/cli/a.ts", `const b = await import${"("}"./b");`],
    ["a re-export", importProblems, "src/cli/a.ts", 'export * from "./b.ts";'],
    ["a package of another room", packageProblems, "src/cli/a.ts", 'import { parse } from "libpg-query";'],
    ["an unknown package", packageProblems, "src/base/a.ts", 'import _ from "lodash/fp";'],
    ["index.ts", nameProblems, "src/cli/index.ts", ""],
    ["a name that says nothing", nameProblems, "src/cli/utils.ts", ""],
    ["capitals", nameProblems, "src/cli/runLocal.ts", ""],
    ["no opening comment", openingProblems, "src/cli/a.ts", "export const a = 1;"],
    ["a long file", lengthProblems, "gateway/a.ts", "\n".repeat(linesMax + 1)],
    ["a silenced error", unfinishedProblems, "src/cli/a.ts", `// @ts-${"ignore"}`],
    ["a test that is left out", unfinishedProblems, "test/unit/a.test.ts", `test.${"skip"}("x", () => {})`],
  ];
  test.each(samples)("%s", (_, rule, path, text) => {
    expect(rule({ path, text })).toHaveLength(1);
  });

  test("and nothing else", () => {
    const text =
      '#!/usr/bin/env node\n// What it is.\nimport { a } from "../base/a.ts";\nimport { b } from "node:fs";\n';
    const rules = [importProblems, packageProblems, nameProblems, openingProblems, lengthProblems, unfinishedProblems];
    expect(rules.flatMap((rule) => rule({ path: "src/cli/main.ts", text }))).toEqual([]);
  });
});

function importProblems({ path, text }: Source): string[] {
  const problems = importsOf(text).flatMap((specifier) => {
    if (!specifier.startsWith(".")) return [];
    const target = relative(root, resolve(root, dirname(path), specifier));
    if (target === "package.json") return [];
    if (!specifier.endsWith(".ts")) return [`${path}: import "${specifier}" with its ending .ts`];
    return mayImport(path, target) ? [] : [`${path}: must not import ${target}`];
  });
  return /^export [^;"'`]*? from "/m.test(text) ? [...problems, `${path}: re-exports`] : problems;
}

function packageProblems({ path, text }: Source): string[] {
  const room = roomOf(path);
  if (room === undefined) return [];
  return importsOf(text).flatMap((specifier) => {
    if (specifier.startsWith(".") || specifier.startsWith("node:")) return [];
    const name = specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/");
    return words(packages[name] ?? "").includes(room) ? [] : [`${path}: must not use the package ${name}`];
  });
}

function nameProblems({ path }: Source): string[] {
  const name = path.split("/").at(-1)!.replace(/\.ts$/, "");
  return wordsOfNothing.test(name) || !kebabCase.test(name) ? [`${path}: needs another name`] : [];
}

function openingProblems({ path, text }: Source): string[] {
  return /^(#!.*\n)?(\/\/|\/\*\*?) ?\S/.test(text)
    ? []
    : [`${path}: does not begin with a comment that says what it is`];
}

function lengthProblems({ path, text }: Source): string[] {
  if (roomOf(path) === undefined) return [];
  const lines = text.split("\n").length - 1;
  return lines > linesMax ? [`${path}: has ${lines} lines`] : [];
}

function unfinishedProblems({ path, text }: Source): string[] {
  const found = /@ts-(ignore|nocheck)|\b(TO[D]O|FIX[M]E)\b|\b(test|describe|it)\.(skip|only|todo)\(/.exec(text);
  return found ? [`${path}: ${found[0]}`] : [];
}

/** Everything that is named by import declarations, re-exports and import(). */
function importsOf(text: string): string[] {
  const declarations = /^(?:import|export)\s(?:[^;"'`]*?\sfrom\s)?"([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...text.matchAll(declarations)].map((match) => match[1] ?? match[2]!);
}

function mayImport(from: string, to: string): boolean {
  const [room, other] = [roomOf(from), roomOf(to)];
  // Tests and benchmarks may look at everything.
  if (room === undefined) return true;
  if (other === undefined) return false;
  return room === other || words(rooms[room] ?? processes[room] ?? "").includes(other);
}

/** "base" for src/base/..., "gateway" for gateway/...; undefined outside of the rooms. */
function roomOf(path: string): string | undefined {
  const [first, second] = path.split("/");
  if (first === "src") return second;
  return first !== undefined && first in processes ? first : undefined;
}

function problems(rule: (source: Source) => string[]): string[] {
  return sources().flatMap(rule);
}

function sources(): Source[] {
  const directories = ["src", "gateway", "tablet-agent", "test", "bench"].filter((name) =>
    isDirectory(join(root, name)),
  );
  return directories
    .flatMap((name) =>
      readdirSync(join(root, name), { recursive: true, encoding: "utf8" }).map((file) => join(name, file)),
    )
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function words(text: string): string[] {
  return text.split(" ").filter((word) => word !== "");
}
