import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startChild } from "../engines/child.ts";
import { REPOSITORY } from "../stack/runtime.ts";
import type { Shop } from "../stack.ts";

/**
 * Loads the sample catalogue with its images, once per data directory, through the same command
 * that a merchant uses. The mark is written last: an interrupted load is done again, and an import
 * of products that exist already changes nothing.
 */
export async function loadSample(shop: Shop): Promise<"loaded" | "present" | "none"> {
  const { dir, apiUrl, staffKey } = shop;
  const mark = join(dir, "sample-loaded");
  if (existsSync(mark)) return "present";
  const catalogue = join(REPOSITORY, "samples/catalog.csv");
  if (!existsSync(catalogue)) return "none";

  const child = await startChild({
    name: "import",
    command: process.execPath,
    args: [
      join(REPOSITORY, "local/import.ts"),
      catalogue,
      "--images",
      join(REPOSITORY, "samples/images"),
      "--url",
      apiUrl,
      "--key",
      staffKey,
    ],
    dir,
    logFile: join(dir, "logs", "import.log"),
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`the sample catalogue could not be loaded:\n${child.tail()}`);
  writeFileSync(mark, "");
  return "loaded";
}
