import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ContentFile, loadContent } from "../content/load-content.ts";
import { startChild } from "../engines/child.ts";
import { type LocationsFile, loadLocations } from "../inventory/load-locations.ts";
import { REPOSITORY } from "../stack/runtime.ts";
import type { Shop } from "../stack.ts";

const CATALOGUE = join(REPOSITORY, "samples/catalog.csv");
const CONTENT = join(REPOSITORY, "samples/content.json");
const LOCATIONS = join(REPOSITORY, "samples/locations.json");

/** Loads the sample catalogue with its images, the content and the shops around the corner, each once per data directory. */
export async function loadSample(shop: Shop): Promise<"loaded" | "present" | "none"> {
  if (!existsSync(CATALOGUE)) return "none";
  const { dir, apiUrl: url, staffKey: key } = shop;
  const catalogue = await once(join(dir, "sample-loaded"), () => importCatalogue(shop));
  const content = await once(join(dir, "sample-content-loaded"), () =>
    loadContent({ url, key }, JSON.parse(readFileSync(CONTENT, "utf8")) as ContentFile),
  );
  const locations = await once(join(dir, "sample-locations-loaded"), () =>
    loadLocations({ url, key }, JSON.parse(readFileSync(LOCATIONS, "utf8")) as LocationsFile),
  );
  return catalogue || content || locations ? "loaded" : "present";
}

/**
 * True when it had to be done. The mark is written last: an interrupted load is done again, and what
 * is there already is not changed by that.
 */
async function once(mark: string, load: () => Promise<void>): Promise<boolean> {
  if (existsSync(mark)) return false;
  await load();
  writeFileSync(mark, "");
  return true;
}

/** Through the same command that a merchant uses. */
async function importCatalogue({ dir, apiUrl, staffKey }: Shop): Promise<void> {
  const child = await startChild({
    name: "import",
    command: process.execPath,
    args: [
      join(REPOSITORY, "local/import.ts"),
      CATALOGUE,
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
}
