// The modes that a transaction has chosen for itself: with BEGIN, SET TRANSACTION, or as the settings that they are.
import { type Isolation, isolationIn, isReadOnlyIn, isSettingOn } from "./isolation.ts";

export class ChosenModes {
  /** What follows BEGIN, as SQL text. */
  readonly text: string;
  isolation: Isolation | undefined;
  isReadOnly: boolean | undefined;

  constructor(text: string) {
    this.text = text;
    this.choose(text);
  }

  /** By SET TRANSACTION. */
  choose(modes: string): void {
    this.isolation = isolationIn(modes) ?? this.isolation;
    this.isReadOnly = isReadOnlyIn(modes) ?? this.isReadOnly;
  }

  /** Any setting, as SQL text after SET. */
  set(name: string, value: string | undefined): void {
    if (name === "transaction_isolation") this.isolation = isolationIn(value) ?? this.isolation;
    if (name === "transaction_read_only") this.isReadOnly = isSettingOn(value) ?? this.isReadOnly;
  }
}
