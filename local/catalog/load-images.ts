import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MEDIA_NAME, mediaTypeOf } from "../../src/catalog/media.ts";
import { ProgressLine } from "./progress-line.ts";
import { type Target, upload } from "./target.ts";

const AT_ONCE_MAX = 8;

/** Uploads every image of a folder under its own file name. Answers how many. */
export async function loadImages(target: Target, dir: string): Promise<number> {
  const names = readdirSync(dir).filter((name) => MEDIA_NAME.test(name));
  const progress = new ProgressLine("images", names.length);
  const queue = names.values();
  const worker = async () => {
    for (const name of queue) {
      await upload(target, `/media/${name}`, {
        method: "PUT",
        contentType: mediaTypeOf(name),
        body: new Uint8Array(readFileSync(join(dir, name))),
      });
      progress.add(1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE_MAX }, worker));
  return names.length;
}
