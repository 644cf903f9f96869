import { exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { as, bearer, signedIn } from "../support/account.ts";
import { call, ownSku, sell } from "../support/worker-shop.ts";
import { type ApiDocument, answerChecks } from "./answer-checks.ts";
import { rightBody } from "./bad-values.ts";
import {
  isPublicName,
  type Named,
  namedBy,
  type Owner,
  ownerOfAll,
  unknownIds,
} from "./belongings.ts";
import { documentedRoutes, type Route } from "./documented-routes.ts";

const routes = (await documentedRoutes()).filter(({ audience }) => audience === "shopper");
const withIds = routes.filter(({ path }) => path.includes("{") && !isPublicName(path));
const reads = routes.filter(({ method }) => method === "GET");
const called = (list: Route[]) => list.map((route) => [route.name, route] as const);

let owner: Owner;
let stranger: Awaited<ReturnType<typeof signedIn>>;

beforeAll(async () => {
  [owner, stranger] = await Promise.all([ownerOfAll(), signedIn()]);
  // With a cart of their own: it is not for want of one that they find no line.
  const sku = ownSku();
  await sell({ sku });
  await as(stranger, "POST", "/api/v2/cart/lines", { sku, quantity: 1 });
});

type Who = { accessToken: string };
type Answer = { status: number; headers: Headers; text: string; trips: number };

async function ask(route: Route, who: Who | undefined, named: Named, key?: string) {
  const path = route.path.replace(/\{\w+\}/, () => named[namedBy(route.path)!]);
  const headers = {
    ...(who && bearer(who)),
    ...(route.method !== "GET" && { "Idempotency-Key": key ?? crypto.randomUUID() }),
    ...(route.body && { "Content-Type": "application/json" }),
  };
  const body = route.body && { body: JSON.stringify(rightBody(route.body)) };
  const request = new Request(`http://shop.test${path}`, {
    method: route.method,
    headers,
    ...body,
  });
  const response = await exports.default.fetch(request);
  const text = (await response.text()).replace(/"requestId":"[^"]*"/, "");
  const trips = Number(response.headers.get("X-Round-Trips"));
  return { status: response.status, headers: response.headers, text, trips } satisfies Answer;
}

/** Once a second a request asks what was revoked: of some in a row, one does not. */
async function askThrice(route: Route, who: Who, named: () => Named): Promise<Answer> {
  const answers: Answer[] = [];
  for (let n = 0; n < 3; n += 1) answers.push(await ask(route, who, named()));
  return { ...answers[0]!, trips: Math.min(...answers.map(({ trips }) => trips)) };
}

/** All that the owner has, as they see it. */
async function belongings(): Promise<unknown[]> {
  const paths = [
    "cart",
    "me",
    "me/addresses",
    "me/sessions",
    "me/devices",
    "auth/passkeys",
    `checkouts/${owner.named.checkoutId}`,
    `order/${owner.named.orderId}/events`,
  ];
  const seen = [];
  for (const path of paths) {
    const { status, body } = await as(owner, "GET", `/api/v2/${path}`);
    expect(status, path).toBe(200);
    // The order goes on by itself: it is paid, by the queue, at some moment.
    seen.push(path.startsWith("order") ? (body as { items: unknown[] }).items[0] : body);
  }
  return seen;
}

describe("29 · another shopper's things", () => {
  it("29 · cover every route of shoppers that takes an id", () => {
    expect(withIds.filter(({ path }) => !namedBy(path)).map(({ name }) => name)).toEqual([]);
    expect(withIds.length).toBeGreaterThan(15);
  });

  it.for(called(withIds))("29 · are as unknown as any to %s", async ([, route]) => {
    const theirs = await askThrice(route, stranger, () => owner.named);
    const nobodys = await askThrice(route, stranger, unknownIds);
    expect(theirs.status, theirs.text).toBe(404);
    expect([theirs.text, theirs.trips]).toEqual([nobodys.text, nobodys.trips]);
    expect(theirs.headers.get("Cache-Control")).toBe("no-store");
    const names = ({ headers }: Answer) => [...headers.keys()].sort();
    expect(names(theirs)).toEqual(names(nobodys));
  });

  it("29 · named in a body are as unknown as any", async () => {
    const pay = (who: Who, { checkoutId, quoteId }: Named) =>
      call("POST", "/api/v2/processorder", {
        body: { checkoutId, quoteId, payment: { tokens: { stripe: "tok_ok" } } },
        headers: { ...bearer(who), "Idempotency-Key": crypto.randomUUID() },
      });
    const point = (who: Who, { addressId }: Named) =>
      as(who, "PATCH", "/api/v2/me", { defaultAddressId: addressId });
    for (const [use, status] of [[pay, 404] as const, [point, 422] as const]) {
      const [theirs, nobodys] = [
        await use(stranger, owner.named),
        await use(stranger, unknownIds()),
      ];
      const told = ({ body }: { body: unknown }) => ({ ...(body as object), requestId: "" });
      expect(theirs.status).toBe(status);
      expect(told(theirs)).toEqual(told(nobodys));
    }
  });

  it("29 · are as they were, after all that", async () => {
    const before = await belongings();
    for (const route of withIds) await ask(route, stranger, owner.named);
    expect(await belongings()).toEqual(before);
  });
});

describe("77 · an idempotency key", () => {
  it.for(called(withIds.filter(({ method }) => method !== "GET")))(
    "77 · of another shopper tells nothing in %s",
    async ([, route]) => {
      // Where the owner's own request would end what the other tests need, a refused one will do.
      const key = crypto.randomUUID();
      const unknown = unknownIds();
      const mine = await ask(route, owner, unknown, key);
      const theirs = await ask(route, stranger, unknown, key);
      expect(theirs.headers.get("Idempotent-Replayed")).toBeNull();
      expect([mine.status, theirs.status]).toEqual([theirs.status, mine.status]);
    },
  );

  it("77 · is each shopper's own, and keeps no answer for another", async () => {
    const headers = { "Idempotency-Key": "a-key-that-both-use" };
    const rename = (who: Who, name: string) =>
      call<{ name: string }>("PATCH", "/api/v2/me", {
        body: { name },
        headers: { ...bearer(who), ...headers },
      });
    const [name] = owner.canaries;
    expect((await rename(owner, name!)).body.name).toBe(name);
    const theirs = await rename(stranger, "Eve");
    expect([theirs.status, theirs.headers.get("Idempotent-Replayed")]).toEqual([200, null]);
    expect(theirs.body.name).toBe("Eve");
  });
});

describe("63 · what a shopper is answered", () => {
  it.for(called(reads))(
    "63 · is stored nowhere and shown to nobody else by %s",
    async ([, route]) => {
      const own = await ask(route, owner, owner.named);
      expect(own.headers.get("Cache-Control")).toBe("no-store");
      expect(own.headers.get("X-Cache")).toBeNull();
      for (const who of [stranger, undefined]) {
        const { text, headers } = await ask(route, who, owner.named);
        expect(headers.get("Cache-Control")).toBe("no-store");
        for (const canary of owner.canaries) expect(text).not.toContain(canary);
      }
    },
  );
});

describe("34 · an answer", () => {
  it.for(called(reads))(
    "34 · has the keys that are documented and no others in %s",
    async ([, route]) => {
      const { body: document } = await call<ApiDocument>("GET", "/openapi.json");
      const { status, headers, text } = await ask(route, owner, owner.named);
      expect(status, text).toBe(200);
      const path = route.path.replace(/\{\w+\}/, () => owner.named[namedBy(route.path)!]);
      const exchange = { method: "GET", path, status, headers, text };
      expect(answerChecks(document)(exchange)).toEqual([]);
    },
  );
});

describe("29 · one's own things", () => {
  // Last: it uses them up. Without it, a route that finds nothing for anybody would pass.
  const writes = withIds.filter(
    ({ method, path }) => method !== "GET" && path.startsWith("/api/v2"),
  );

  it.for(called(writes))("29 · are found by their owner in %s", async ([, route]) => {
    const { status, text } = await ask(route, owner, owner.named);
    expect(status, text).not.toBe(404);
    expect(status, text).toBeLessThan(500);
  });
});
