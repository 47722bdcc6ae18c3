// What has to be written is written on a full disk as well, again and again.
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { writeDespiteFullDisk } from "../../../src/base/write-despite-full-disk.ts";
import { fillDisk, mountDisk, unmountDisk } from "../../support/disk.ts";
import { describeWith, ownDisks } from "../../support/requirement.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

describeWith([ownDisks], "a small disk", () => {
  const smallDisk = async () => {
    const directory = await temporaryDirectory();
    mountDisk(directory, 64 * 2 ** 10);
    onTestFinished(() => unmountDisk(directory));
    return directory;
  };

  test("a file is replaced as a whole while the disk is full, and after that", async () => {
    const directory = await smallDisk();
    const path = join(directory, "promises");
    const written = async (text: string) => {
      await writeDespiteFullDisk(path, text);
      expect(readFileSync(path, "utf8")).toBe(text);
    };
    await written("a long beginning\n");
    const disk = fillDisk(directory);
    await expect(writeFile(join(directory, "other"), "1")).rejects.toMatchObject({ code: "ENOSPC" });
    await written("short\n");
    disk.release();
    await written("longer again\n");
    const again = fillDisk(directory);
    await written("x".repeat(4_096));
    await expect(writeDespiteFullDisk(path, "y".repeat(4_097))).rejects.toMatchObject({ code: "ENOSPC" });
    expect(readFileSync(path, "utf8")).toBe("x".repeat(4_096));
    again.release();
  });

  test("when nobody else takes the room of the file before, it is the next reserve", async () => {
    const directory = await smallDisk();
    const path = join(directory, "promises");
    await writeDespiteFullDisk(path, "0");
    await writeFile(join(directory, "all the rest"), Buffer.alloc(2 ** 17)).catch(() => {});
    for (const text of ["1", "2", "3"]) {
      await writeDespiteFullDisk(path, text);
      expect(readFileSync(path, "utf8")).toBe(text);
    }
  });
});
