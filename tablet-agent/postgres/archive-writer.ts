// Writes the parts of a tar stream below one directory. What comes over the network decides names and permissions only
// within it: no path leads out, no link is made, nothing that is there is replaced or opened to others.
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "../../src/base/app-error.ts";
import { assert, unreachable } from "../../src/base/assert.ts";
import type { TarPart } from "./tar-reader.ts";

/** PostgreSQL's own group access (initdb --allow-group-access); it refuses to start with more. */
const modeMost = 0o750;

export class ArchiveWriter {
  #directory: string;
  #file: FileHandle | undefined;

  /** `directory` exists. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Resolves when the part is written. Throws AppError "bad-archive" for what must not be in a data directory. */
  async write(part: TarPart): Promise<void> {
    switch (part.kind) {
      case "directory": {
        await mkdir(join(this.#directory, safePath(part.path)), { mode: part.mode & modeMost });
        return;
      }
      case "symlink":
        throw new AppError("bad-archive", `the source has sent a link, ${JSON.stringify(part.path)}`);
      case "file":
        this.#file = await open(join(this.#directory, safePath(part.path)), "wx", part.mode & modeMost);
        return;
      case "data":
        assert(this.#file, "there is no file that the data belong to");
        await writeAll(this.#file, part.bytes);
        return;
      case "file-end":
        await this.close();
        return;
      default:
        unreachable(part);
    }
  }

  /** Closes the file that has been left open, if there is one. */
  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

/** PostgreSQL writes some paths with a leading "./", and directories may end with a slash. */
function safePath(path: string): string {
  const steps = path.split("/").filter((step) => step !== "." && step !== "");
  if (path.startsWith("/") || steps.length === 0 || steps.includes("..")) {
    throw new AppError("bad-archive", `the source has sent a file with the impossible path ${JSON.stringify(path)}`);
  }
  return steps.join("/");
}

async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at)).bytesWritten;
  }
}
