import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@planetscale/database";
import { type Shop, startShop } from "../../local/stack.ts";
import { FREE_PORTS } from "./free-ports.ts";

export type LedgerEntry = {
  kind: "authorize" | "capture" | "void" | "refund" | "decline";
  ok: boolean;
  amount: number;
  checkoutId: string;
  paymentId: string;
};
export type Mail = {
  to: string;
  subject: string;
  text: string;
  tags: { name: string; value: string }[];
};

export type Delivery = { body: string; json: { type: string } };

/** What a test does with a shop from outside, wherever it was started. */
export type ShopTools = {
  readonly apiUrl: string;
  /** Sends a request to the API; JSON in, JSON out. */
  call<T = unknown>(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<{ status: number; headers: Headers; body: T }>;
  /** Puts a product with one variant on sale. */
  sell(sku: string, options?: { price?: string; stock?: number; title?: string }): Promise<void>;
  ledger(checkoutId?: string): Promise<LedgerEntry[]>;
  mails(to: string): Promise<Mail[]>;
  /** The webhooks that arrived at a path of the sink. */
  deliveries(path: string): Promise<Delivery[]>;
  /** Where the sink takes webhooks for a path. */
  deliveriesUrl(path: string): string;
};

export type TestShop = Shop &
  ShopTools & {
    /** Lets the outbox's waiting times pass, and the clock strike: what was lost is sent again. */
    sweep(): Promise<void>;
  };

/** Where a shop is, in words that can be handed to another process. */
export type Whereabouts = {
  apiUrl: string;
  staffKey: string;
  ports: { messages: number; deliveries: number; stripe: number };
};

/**
 * A whole shop of a test's own: own directory, own ports, gone when `stop` was called. `configs` may put
 * other Workers in place of the deployed ones.
 */
export async function startTestShop({
  configs,
  overrides = {},
}: {
  configs?: (dir: string) => readonly string[];
  overrides?: Record<string, string>;
} = {}): Promise<TestShop> {
  const root = join(import.meta.dirname, "../../.local/tests");
  mkdirSync(root, { recursive: true });
  const dir = mkdtempSync(join(root, "shop-"));
  const shop = await startShop({
    dir,
    apiPort: 0,
    ports: FREE_PORTS,
    log: () => {},
    crons: false,
    configs: configs?.(dir),
    overrides,
  });
  return {
    ...shop,
    ...shopTools(shop),
    async sweep() {
      const database = new Client({ url: String(shop.vars.MYSQL_URL) });
      await database.execute("UPDATE order_events SET due_at_ms = 0 WHERE due_at_ms IS NOT NULL");
      await shop.fireCrons();
    },
    async stop() {
      await shop.stop();
      // The logs say why a test failed; `FRONTAGE_KEEP=1` keeps them, and the data, for a look.
      if (!process.env.FRONTAGE_KEEP) rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function shopTools({ ports, apiUrl, staffKey }: Whereabouts): ShopTools {
  const call: ShopTools["call"] = async (method, path, { body, headers = {} } = {}) => {
    const isText = typeof body === "string";
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { "Content-Type": isText ? "text/csv" : "application/json" }),
        ...(path.startsWith("/ops/") ? { Authorization: `Bearer ${staffKey}` } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("Content-Type")?.includes("json") ?? false;
    return {
      status: response.status,
      headers: response.headers,
      body: (isJson ? JSON.parse(text) : text) as never,
    };
  };
  const read = async <T>(port: number, path: string): Promise<T> =>
    (await (await fetch(`http://127.0.0.1:${port}${path}`)).json()) as T;

  return {
    apiUrl,
    call,
    async sell(sku, { price = "19.99", stock = 100, title = sku } = {}) {
      const quoted = `"${title.replaceAll('"', '""')}"`;
      const csv = `${CSV_HEADER}\n${sku.toLowerCase()},${quoted},,Test,Test,,true,Title,Default Title,${sku},100,${stock},deny,${price},true\n`;
      const imported = await call<{ created: number }>("POST", "/ops/v1/catalog/import", {
        body: csv,
      });
      if (imported.body.created !== 1) throw new Error(JSON.stringify(imported.body));
    },
    async ledger(checkoutId) {
      const { entries } = await read<{ entries: LedgerEntry[] }>(ports.stripe, "/ledger");
      return entries.filter((entry) => !checkoutId || entry.checkoutId === checkoutId);
    },
    async mails(to) {
      const path = `/messages?to=${encodeURIComponent(to)}`;
      return (await read<{ messages: Mail[] }>(ports.messages, path)).messages;
    },
    async deliveries(path) {
      const query = `/deliveries?path=${encodeURIComponent(path)}`;
      return (await read<{ deliveries: Delivery[] }>(ports.deliveries, query)).deliveries;
    },
    deliveriesUrl: (path) => `http://127.0.0.1:${ports.deliveries}${path}`,
  };
}

const CSV_HEADER =
  "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Requires Shipping";

/** Asks until it holds; fails with the last answer. */
export async function eventually<T>(
  ask: () => Promise<T>,
  holds: (value: T) => boolean,
  withinMs = 20_000,
): Promise<T> {
  const giveUpAt = Date.now() + withinMs;
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    if (Date.now() > giveUpAt) throw new Error(`never held; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
