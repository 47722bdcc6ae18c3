// Whether PostgreSQL would accept settings, asked of the program itself: it reads them all before it prints one
// (`postgres -C`). A wrong one in the configuration would keep it from starting.
import { AppError } from "../../src/base/app-error.ts";
import { runCommand } from "../../src/base/run-command.ts";
import { checkClusterSettings } from "../../src/topology/cluster-settings.ts";
import { postgresEnvironment } from "./environment.ts";

/** Throws AppError "reserved-setting", or "invalid-setting" with what PostgreSQL said. The directory has data. */
export async function checkSettings(
  pgBin: string,
  dataDirectory: string,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  checkClusterSettings(settings);
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const { succeeded, output } = await runCommand(
    `${pgBin}/postgres`,
    ["-D", dataDirectory, ...args, "-C", "data_directory"],
    { env: postgresEnvironment(process.env), cwd: "/" },
  );
  if (succeeded) return;
  const lines = output.split("\n").filter((line) => /(FATAL|HINT|DETAIL): /.test(line));
  const words = lines.map((line) => line.replace(/^.*?(FATAL|HINT|DETAIL): +/, "").trim());
  const [message = "PostgreSQL refuses the settings", ...more] = words.slice(0, 3);
  throw new AppError("invalid-setting", message, more.length > 0 ? { hint: more.join("; ") } : {});
}
