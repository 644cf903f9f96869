import type { BenchShop } from "./start-bench-shop.ts";

const AT_ONCE = 4;
/** Headers of an answer that its server adds by itself. */
const OF_THE_SERVER = ["content-length", "date", "connection", "keep-alive"];

type Page = { etag: string | null; body: string };

/** A page rendered anew, past all caches, and kept nowhere. */
async function renderAnew({ uncached }: BenchShop, path: string): Promise<Page> {
  const response = await fetch(new URL(path, uncached));
  const body = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${body}`);
  return { etag: response.headers.get("ETag"), body };
}

/**
 * Gives the bare Worker each page's bytes, and the headers that the storefront sends with a page from
 * its memory. The pages are rendered for it alone, so that the shop's caches stay as they are.
 */
export async function copyPages(shop: BenchShop, paths: readonly string[]): Promise<void> {
  const headers = await headersOfHotPage(shop.isolates[0]!, paths[0]!);
  const queue = paths.values();
  const worker = async () => {
    for (const path of queue) {
      const { etag, body } = await renderAnew(shop, path);
      const own = headers.map(([name, value]) => [name, name === "etag" ? etag : value]);
      const copy = JSON.stringify({ headers: own, body });
      await fetch(new URL(path, shop.bareWorker), { method: "PUT", body: copy });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function headersOfHotPage(url: string, path: string): Promise<[string, string][]> {
  for (let asked = 0; asked < 3; asked += 1) {
    const response = await fetch(new URL(path, url));
    await response.body?.cancel();
    if (response.headers.get("X-Cache") !== "hit-memory") continue;
    return [...response.headers].filter(([name]) => !OF_THE_SERVER.includes(name));
  }
  throw new Error(`${path} does not get into memory`);
}
