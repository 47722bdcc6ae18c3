// Small readings of the tree that utility statements share: lists of names, and options written as DefElem.
import type { DefElem, Node } from "@pgsql/types";
import { nodeOf } from "../sql/walk.ts";

/** The texts of a list of String nodes. */
export function namesOf(nodes: readonly Node[] | undefined): string[] {
  return (nodes ?? []).map((node) => nodeOf(node, "String")?.sval ?? "");
}

/** The last part of a possibly qualified name. */
export function lastName(nodes: readonly Node[] | undefined): string {
  return namesOf(nodes).at(-1) ?? "";
}

/** Options in order; a node that is no DefElem is left out. */
export function optionsOf(nodes: readonly Node[] | undefined): DefElem[] {
  return (nodes ?? []).flatMap((node) => nodeOf(node, "DefElem") ?? []);
}

/** The last option of this name: PostgreSQL refuses doubles itself. */
export function optionNamed(nodes: readonly Node[] | undefined, name: string): DefElem | undefined {
  return optionsOf(nodes).findLast((option) => option.defname === name);
}

/** The value as text, as defGetString() reads it; undefined when there is none or it is a list. */
export function optionText(option: DefElem | undefined): string | undefined {
  const arg = option?.arg;
  if (arg === undefined) return undefined;
  const string = nodeOf(arg, "String");
  if (string !== undefined) return string.sval ?? "";
  const integer = nodeOf(arg, "Integer");
  if (integer !== undefined) return String(integer.ival ?? 0);
  const float = nodeOf(arg, "Float");
  if (float !== undefined) return float.fval;
  const boolean = nodeOf(arg, "Boolean");
  if (boolean !== undefined) return boolean.boolval ? "true" : "false";
  const constant = nodeOf(arg, "A_Const");
  if (constant !== undefined) return constantText(arg) ?? undefined;
  const type = nodeOf(arg, "TypeName");
  return type === undefined ? undefined : lastName(type.names);
}

/** Whether an option without a value or with a true one is there, as defGetBoolean() reads it. */
export function optionIsOn(nodes: readonly Node[] | undefined, name: string): boolean {
  const option = optionNamed(nodes, name);
  if (option === undefined) return false;
  if (option.arg === undefined) return true;
  const text = optionText(option)?.toLowerCase();
  return text === "true" || text === "on" || text === "1";
}

/** The text of a constant; null for NULL; undefined when the node is no constant. */
export function constantText(node: Node | undefined): string | null | undefined {
  const constant = nodeOf(node, "A_Const");
  if (constant === undefined) return undefined;
  if (constant.isnull) return null;
  if (constant.sval !== undefined) return constant.sval.sval ?? "";
  if (constant.fval !== undefined) return constant.fval.fval ?? "";
  if (constant.boolval !== undefined) return constant.boolval.boolval ? "true" : "false";
  if (constant.bsval !== undefined) return constant.bsval.bsval ?? "";
  return constant.ival === undefined ? undefined : String(constant.ival.ival ?? 0);
}
