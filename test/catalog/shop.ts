import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import Papa from "papaparse";
import { mediaRoutes } from "../../src/catalog/media-routes.ts";
import type { ReceiveStock, StockReceipt } from "../../src/catalog/model.ts";
import { catalogOperationsRoutes } from "../../src/catalog/operations-routes.ts";
import { catalogRoutes } from "../../src/catalog/routes.ts";
import { catalogV1Routes } from "../../src/catalog/v1-routes.ts";
import { limitBody } from "../../src/platform/gate/index.ts";
import type { ApiEnv } from "../../src/platform/http/context.ts";
import { identify, noStoreByDefault } from "../../src/platform/http/pipeline.ts";
import { onError, Problem } from "../../src/platform/http/problem.ts";
import { type Io, openIo } from "../../src/platform/io/io.ts";
import { asStaff } from "../support/as-staff.ts";

/** The catalogue's routes alone, over the real engines, with inventory played by the test. */
export function openShop(overrides: Partial<Record<string, string>> = {}) {
  const received: StockReceipt[] = [];
  let weather: Error | undefined;
  const receiveStock: ReceiveStock = async (items) => {
    if (weather) throw weather;
    received.push(...items);
  };
  const app = new Hono<ApiEnv>()
    .use(identify, noStoreByDefault, limitBody)
    .use("/ops/*", asStaff)
    .route("/api/v2", catalogRoutes)
    .route("/api/v1", catalogV1Routes)
    .route(
      "/ops/v1",
      catalogOperationsRoutes(() => receiveStock),
    )
    .route("/", mediaRoutes)
    .onError(onError)
    .notFound((c) => onError(new Problem("not-found"), c));
  // A feed of its own, under a version of its own: no other test's purges or pages reach it.
  const name = `test-${crypto.randomUUID()}`;
  let isFeedDown = false;
  const feed = () => {
    if (isFeedDown) throw new Error("the feed is unreachable");
    return env.EDGE_FEED.getByName(name);
  };
  const isolate = () => ({ getByName: feed });
  // The price clock tells the shop's own feed: a test here calls what it calls.
  const PRICE_CLOCK = { getByName: () => ({ wakeAt: async () => {} }) };
  const own = { EDGE_FEED: isolate(), PRICE_CLOCK, VERSION: name };
  let bindings = { ...env, ...overrides, ...own } as unknown as Env;
  const request = async (path: string, init?: RequestInit) => {
    const context = createExecutionContext();
    const response = await app.request(path, init, bindings, context);
    await waitOnExecutionContext(context);
    return response;
  };
  const io: Io = openIo(bindings, "test");
  return {
    request,
    io,
    received,
    /** From here on another isolate answers: it knows the feed from its start, and has no page in memory. */
    moveToNewIsolate() {
      bindings = { ...bindings, EDGE_FEED: isolate() as unknown as Env["EDGE_FEED"] };
    },
    /** As well as from another data centre, with a cache of its own. */
    moveToNewDataCentre() {
      const PUBLIC_URL = `http://${crypto.randomUUID()}.test`;
      bindings = { ...bindings, PUBLIC_URL, EDGE_FEED: isolate() } as unknown as Env;
    },
    feedDown(down: boolean) {
      isFeedDown = down;
    },
    bindings: () => bindings,
    stockWeather(error: Error | undefined) {
      weather = error;
    },
    async get<T = Record<string, never>>(path: string) {
      const response = await request(path);
      return { response, status: response.status, body: await response.json<T>() };
    },
    async importCsv(body: string | Uint8Array, headers: Record<string, string> = {}) {
      const response = await request("/ops/v1/catalog/import", {
        method: "POST",
        headers: { "Content-Type": "text/csv", ...headers },
        body,
      });
      return { response, status: response.status, body: await response.json<Report>() };
    },
    patch: (sku: string, body: unknown, headers: Record<string, string> = {}) =>
      request(`/ops/v1/variants/${encodeURIComponent(sku)}`, {
        method: "PATCH",
        headers: { "Content-Type": "application/json", ...headers },
        body: JSON.stringify(body),
      }),
  };
}

type Report = {
  created: number;
  updated: number;
  skipped: number;
  rejected: { row: number; code: string; message: string }[];
  type?: string;
  errors?: { pointer: string; code: string }[];
};

export type Row = Record<string, string | number | boolean>;

/** A file of rows, in the columns that any of them names. */
export const csv = (rows: readonly Row[]): string =>
  Papa.unparse({
    fields: [
      ...new Set(["Handle", "Title", "Variant Price", ...rows.flatMap((row) => Object.keys(row))]),
    ],
    data: rows as Row[],
  });

/** A word that no other test uses, so that tests may share the database in any order. */
export const unique = (): string => `t${crypto.randomUUID().replaceAll("-", "").slice(0, 12)}`;
