import { createHash } from "node:crypto";
import { Connection, headerOf, requestBytes } from "./connection.ts";

/** What a page was when it was read. Two pages are alike iff their bodies' hashes are. */
export type PageRead = { hash: string; layer: string | undefined; atMs: number };

const CONNECTIONS_PER_URL = 4;

/** Reads every page once, in turn from each of the servers; answers in the order of the paths. */
export async function readPages(
  urls: readonly string[],
  paths: readonly string[],
): Promise<PageRead[]> {
  const reads: PageRead[] = new Array(paths.length);
  const readSome = async (server: URL, first: number, step: number) => {
    const connection = await Connection.open(server);
    try {
      for (let at = first; at < paths.length; at += step) {
        const path = paths[at]!;
        const answer = await connection.send(requestBytes(server, { path }));
        if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
        const hash = createHash("sha256").update(answer.body).digest("base64");
        reads[at] = { hash, layer: headerOf(answer, "X-Cache"), atMs: performance.now() };
      }
    } finally {
      connection.close();
    }
  };
  const readers = urls.length * CONNECTIONS_PER_URL;
  await Promise.all(
    Array.from({ length: readers }, (_, reader) =>
      readSome(new URL(urls[reader % urls.length]!), reader, readers),
    ),
  );
  return reads;
}
