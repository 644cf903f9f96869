import type { PageEntry } from "./entry.ts";
import type { Served } from "./render-page.ts";

const BROWSER_DIRECTIVE = "public, max-age=0, must-revalidate";
// A cache in front of this one hears of purges late or never, so it has to ask each time; it is
// answered with a 304 from memory.
const CDN_DIRECTIVE = "public, max-age=0, must-revalidate";

/** The headers that an entry brings along, whoever asks. */
export const headersOf = ({ contentType, etag }: PageEntry): Record<string, string> => ({
  "Content-Type": contentType,
  ETag: etag,
  "Cache-Control": BROWSER_DIRECTIVE,
  "CDN-Cache-Control": CDN_DIRECTIVE,
});

/** The public answer: 304 to whom has it already. HEAD loses its body further out. */
export function answerPage({ entry, from, doubt }: Served, ifNoneMatch: string | null): Response {
  const headers = new Headers({ ...headersOf(entry), "X-Cache": from });
  if (doubt) {
    headers.set("Cache-Control", "no-store");
    headers.delete("CDN-Cache-Control");
    if (doubt === "incomplete") headers.delete("ETag");
    else headers.set("X-Stale", doubt);
    return new Response(entry.body, { headers });
  }
  if (ifNoneMatch === null || !matchesEtag(ifNoneMatch, entry.etag)) {
    return new Response(entry.body, { headers });
  }
  headers.delete("Content-Type");
  return new Response(null, { status: 304, headers });
}

/** RFC 9110, section 13.1.2: a list or `*`, compared weakly. */
export function matchesEtag(header: string, etag: string): boolean {
  if (header.trim() === "*") return true;
  return header.split(",").some((candidate) => candidate.trim().replace(/^W\//, "") === etag);
}
