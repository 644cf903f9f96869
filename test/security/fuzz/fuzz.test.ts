import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { describe, inject, it } from "vitest";
import { storefront } from "../../../src/api.ts";
import { type ApiDocument, answerChecks, type Exchange } from "../answer-checks.ts";
import {
  credentials,
  documentedRoutes,
  LEAK,
  STAFF_KEY,
  send,
  settings,
} from "../documented-routes.ts";
import { badRequest, type FuzzRequest } from "./bad-requests.ts";

const { seed, count, only } = inject("fuzz");
const routes = await documentedRoutes();
const faultsOf = answerChecks(await (await send("/openapi.json")).json<ApiDocument>());

/** An address of its own for each request: limits for one caller are another test's. */
const addressOf = (place: number) =>
  `2001:db8:${(place >> 16).toString(16)}:${(place & 0xffff).toString(16)}::1`;

async function exchange(
  place: number,
  { method, path, headers, body }: FuzzRequest,
): Promise<Exchange> {
  const url = `http://shop.test${path}`;
  const sent = new Headers({ "CF-Connecting-IP": addressOf(place) });
  for (const [name, value] of Object.entries(headers))
    sent.set(name, value.replace(/[^\x20-\x7e]/g, "~"));
  const request = new Request(url, {
    method,
    headers: sent,
    ...(body === undefined ? {} : { body }),
  });
  const ctx = createExecutionContext();
  const response = await storefront(request, settings, ctx);
  const text = await response.text();
  await waitOnExecutionContext(ctx);
  return {
    method,
    path: new URL(url).pathname,
    status: response.status,
    headers: response.headers,
    text,
  };
}

/** What a lucky request began must not touch the tests that come after this one. */
async function undo({ method, path, status, text }: Exchange): Promise<void> {
  if (status !== 201) return;
  const headers = { Authorization: `Bearer ${STAFF_KEY}`, "Content-Type": "application/json" };
  const { id } = JSON.parse(text) as { id?: string };
  if (path === "/ops/v1/price-rules") await send(`${path}/${id}`, { method: "DELETE", headers });
  if (path === "/ops/v1/promotions" && method === "POST") {
    const body = JSON.stringify({ active: false });
    await send(`${path}/${id}`, { method: "PATCH", headers, body });
  }
}

describe("bad requests that a seed makes", () => {
  it(`are answered as the document says: ${count} of seed ${seed}`, { timeout: 3_600_000 }, async ({
    expect,
  }) => {
    const faults: string[] = [];
    const statuses = new Map<number, number>();
    const places = only === undefined ? Array.from({ length: count }, (_, place) => place) : [only];
    for (const place of places) {
      const request = badRequest(routes, credentials, seed, place);
      const answer = await exchange(place, request);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const found = [
        ...(answer.status >= 500 && !isHealth(answer) ? ["a failure of the shop's own"] : []),
        ...(answer.method === "HEAD" ? [] : faultsOf(answer)),
        ...(LEAK.test(answer.text) ? ["tells how the shop is built"] : []),
      ];
      if (found.length > 0) faults.push(told(place, request, answer, found));
      await undo(answer);
    }
    console.log(
      `fuzz: seed ${seed}, ${places.length} requests, by status ${JSON.stringify(Object.fromEntries([...statuses].sort()))}, ${faults.length} faults`,
    );
    expect(faults.slice(0, 30)).toEqual([]);
    // It was not all refused at the door, and the isolate goes on as if nothing had been.
    expect((statuses.get(200) ?? 0) + (statuses.get(201) ?? 0)).toBeGreaterThan(
      only === undefined ? count / 50 : -1,
    );
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect((await send("/api/v2/health?probe=live")).status).toBe(200);
    expect((await send("/api/v2/products")).status).toBe(200);
  });

  it("are the same for the same seed, and others for another", ({ expect }) => {
    const made = (seedOf: number) =>
      Array.from({ length: 200 }, (_, place) => {
        const { route, ...request } = badRequest(routes, () => ({}), seedOf, place);
        return { name: route.name, ...request };
      });
    expect(made(1)).toEqual(made(1));
    expect(made(1)).not.toEqual(made(2));
    expect(new Set(made(1).map(({ name }) => name)).size).toBe(Math.min(200, routes.length));
  });
});

const isHealth = ({ path }: Exchange) => path === "/api/v2/health";

const told = (
  place: number,
  { route, headers, body, story }: FuzzRequest,
  answer: Exchange,
  found: string[],
) =>
  `#${place} ${route.name} [${story.join(", ")}] ${answer.method} ${answer.path.slice(0, 120)} ${JSON.stringify(headers).slice(0, 200)} ${String(body).slice(0, 200)} → ${answer.status} ${answer.text.slice(0, 300)}: ${found.slice(0, 4).join("; ")}`;
