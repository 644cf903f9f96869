import { type ClientResponse, hc, type InferRequestType } from "hono/client";
import type { Api } from "./api.ts";
import type { FieldError, ProblemSlug } from "./platform/http/problem.ts";

/** Where a browser or an app keeps what must outlive the page: local storage, a cookie, a file. */
export type TokenStore = {
  get(): string | undefined;
  set(token: string): void;
};

export type ClientOptions = {
  /** Without a path: `https://shop.example`. */
  baseUrl: string;
  /** Stands in for the global `fetch`: for tests, and for a Worker's service binding. */
  fetch?: (request: Request) => Promise<Response>;
  /** The cart to go on with, or where its token is kept. A token the shop answers is remembered. */
  cartToken?: string | TokenStore;
  /** A guest's access to an order. Orders that this client has placed are opened without it. */
  orderToken?: string;
  /** For the operations routes, which are under `raw`. */
  staffKey?: string;
};

export type CallOptions = {
  /** A fresh UUID unless told. Repeat a call with its first key: it takes effect once. */
  idempotencyKey?: string;
  /** For an order that this client has not placed itself. */
  orderToken?: string;
  signal?: AbortSignal;
};

/** RFC 9457, as this API writes it: `extensions` are the members beside the standard ones. */
export type ProblemBody = {
  type: string;
  title: string;
  status: number;
  detail?: string;
  requestId: string;
  errors?: FieldError[];
  [extension: string]: unknown;
};

/** The API's refusal of a call. `slug` says which; `requestId` leads its operators to the log. */
export class ProblemError extends Error {
  override readonly name = "ProblemError";
  readonly slug: ProblemSlug;
  readonly status: number;
  readonly requestId: string;
  /** One per wrong field, for `request-invalid`. */
  readonly errors: readonly FieldError[];
  readonly problem: ProblemBody;
  /** When to try again, in seconds; `undefined` when the API does not say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(problem: ProblemBody, retryAfter: string | null) {
    super(problem.detail === undefined ? problem.title : `${problem.title}: ${problem.detail}`);
    this.slug = problem.type.replace("/problems/", "") as ProblemSlug;
    this.status = problem.status;
    this.requestId = problem.requestId;
    this.errors = problem.errors ?? [];
    this.problem = problem;
    this.retryAfterSeconds = retryAfter === null ? undefined : Number(retryAfter);
  }
}

/** Something between here and the API answered in its place: a proxy, a captive portal. */
export class UnexpectedResponse extends Error {
  override readonly name = "UnexpectedResponse";
  readonly status: number;

  constructor(status: number) {
    super(`an answer of status ${status} that the API does not give`);
    this.status = status;
  }
}

type V2 = ReturnType<typeof hc<Api>>["api"]["v2"];
type JsonOf<Call> = InferRequestType<Call> extends { json: infer Body } ? Body : never;
type QueryOf<Call> = InferRequestType<Call> extends { query: infer Query } ? Query : never;

export type NewLine = JsonOf<V2["cart"]["lines"]["$post"]>;
export type ModeChange = JsonOf<V2["cart"]["mode"]["$put"]>;
export type CheckoutContact = JsonOf<V2["validatecheckout"]["$post"]>;
export type Completion = JsonOf<V2["processorder"]["$post"]>;
export type ReturnRequest = JsonOf<V2["order"][":orderId"]["returns"]["$post"]>;
export type ProductListQuery = QueryOf<V2["products"]["$get"]>;
export type CategoryListQuery = QueryOf<V2["categories"]["$get"]>;

/**
 * A typed client of the storefront. Every method answers the body of a success and throws
 * `ProblemError` for a refusal; what `fetch` throws (no network, an abort) passes through.
 */
export function createClient(options: ClientOptions) {
  const cart = tokenStore(options.cartToken);
  const orderTokens = new Map<string, string>();
  const raw = hc<Api>(options.baseUrl, { fetch: storefrontFetch(options, cart) });
  const v2 = raw.api.v2;

  const orderCall = (orderId: string, call: CallOptions = {}) => {
    const token = call.orderToken ?? orderTokens.get(orderId) ?? options.orderToken;
    return requestOptions(call, token === undefined ? {} : { "Order-Token": token });
  };

  return {
    /** Every route, with its status and headers: Hono's RPC client with this client's tokens and keys. */
    raw,
    /** The token of the cart in use; `undefined` before the first change. */
    cartToken: () => cart.get(),

    products: {
      list: (query: ProductListQuery = {}, call?: CallOptions) =>
        success(v2.products.$get({ query }, requestOptions(call))),
      get: (handle: string, call?: CallOptions) =>
        success(
          v2.products[":handle"].$get({ param: { handle }, query: {} }, requestOptions(call)),
        ),
    },
    categories: {
      list: (query: CategoryListQuery = {}, call?: CallOptions) =>
        success(v2.categories.$get({ query }, requestOptions(call))),
      get: (handle: string, call?: CallOptions) =>
        success(
          v2.categories[":handle"].$get({ param: { handle }, query: {} }, requestOptions(call)),
        ),
    },
    /** What editors wrote. Its HTML was rebuilt from an allow-list; texts in `data` are for the caller to escape. */
    content: {
      block: (key: string, call?: CallOptions) =>
        success(v2.content.blocks[":key"].$get({ param: { key } }, requestOptions(call))),
      /** With the published blocks that it shows, in its order. */
      page: (slug: string, call?: CallOptions) =>
        success(v2.content.pages[":slug"].$get({ param: { slug } }, requestOptions(call))),
    },
    /** Up to fifty SKUs. */
    availability: (skus: string[], call?: CallOptions) =>
      success(v2.availability.$get({ query: { sku: skus } }, requestOptions(call))),

    cart: {
      get: (call?: CallOptions) => success(v2.cart.$get({}, requestOptions(call))),
      /** The first line makes the cart, and its token is remembered. */
      add: (line: NewLine, call?: CallOptions) =>
        success(v2.cart.lines.$post({ json: line }, requestOptions(call))),
      /** Quantity 0 removes the line. */
      update: (lineId: string, quantity: number, call?: CallOptions) =>
        success(
          v2.cart.lines[":lineId"].$patch(
            { param: { lineId }, json: { quantity } },
            requestOptions(call),
          ),
        ),
      remove: (lineId: string, call?: CallOptions) =>
        success(v2.cart.lines[":lineId"].$delete({ param: { lineId } }, requestOptions(call))),
      setMode: (mode: ModeChange, call?: CallOptions) =>
        success(v2.cart.mode.$put({ json: mode }, requestOptions(call))),
      /** Refused as `coupon-refused`, with its `reason`, when it does nothing for this cart. */
      applyCoupon: (code: string, call?: CallOptions) =>
        success(v2.cart.coupons.$post({ json: { code } }, requestOptions(call))),
      removeCoupon: (code: string, call?: CallOptions) =>
        success(v2.cart.coupons[":code"].$delete({ param: { code } }, requestOptions(call))),
      /** Pays at the checkout, as far as its balance goes. */
      applyVoucher: (code: string, call?: CallOptions) =>
        success(v2.cart.vouchers.$post({ json: { code } }, requestOptions(call))),
      /** By its code, or by the id that the cart shows. */
      removeVoucher: (codeOrId: string, call?: CallOptions) =>
        success(
          v2.cart.vouchers[":code"].$delete({ param: { code: codeOrId } }, requestOptions(call)),
        ),
    },

    checkout: {
      /** Quotes the cart: the prices, the ways to ship, and what stands in the way. */
      validate: (contact: CheckoutContact, call?: CallOptions) =>
        success(v2.validatecheckout.$post({ json: contact }, requestOptions(call))),
      /**
       * Buys what was quoted. Answers the order, or `payment_pending` when the processor has not
       * spoken yet: then ask `get`. A repeat with the same key buys once.
       */
      complete: async (completion: Completion, call?: CallOptions) => {
        const completed = await success(
          v2.processorder.$post({ json: completion }, requestOptions(call)),
        );
        if ("order" in completed) orderTokens.set(completed.order.id, completed.order.token);
        return completed;
      },
      get: async (id: string, call?: CallOptions) => {
        const view = await success(
          v2.checkouts[":id"].$get({ param: { id } }, requestOptions(call)),
        );
        if (view.order) orderTokens.set(view.order.id, view.order.token);
        return view;
      },
      cancel: (id: string, call?: CallOptions) =>
        success(v2.checkouts[":id"].cancel.$post({ param: { id } }, requestOptions(call))),
    },

    orders: {
      /** `at`, RFC 3339: the order as it was at that moment. */
      get: (orderId: string, call: CallOptions & { at?: string } = {}) => {
        const query = call.at === undefined ? {} : { at: call.at };
        return success(
          v2.order[":orderId"].$get({ param: { orderId }, query }, orderCall(orderId, call)),
        );
      },
      events: (orderId: string, call: CallOptions & { cursor?: string; limit?: number } = {}) => {
        const { cursor, limit } = call;
        const query = {
          ...(cursor === undefined ? {} : { cursor }),
          ...(limit === undefined ? {} : { limit: String(limit) }),
        };
        const param = { orderId };
        return success(
          v2.order[":orderId"].events.$get({ param, query }, orderCall(orderId, call)),
        );
      },
      cancel: (orderId: string, call: CallOptions & { reason?: string } = {}) => {
        const json = call.reason === undefined ? {} : { reason: call.reason };
        const param = { orderId };
        return success(
          v2.order[":orderId"].cancel.$post({ param, json }, orderCall(orderId, call)),
        );
      },
      requestReturn: (orderId: string, request: ReturnRequest, call?: CallOptions) => {
        const param = { orderId };
        return success(
          v2.order[":orderId"].returns.$post({ param, json: request }, orderCall(orderId, call)),
        );
      },
    },
  };
}

export type StorefrontClient = ReturnType<typeof createClient>;

function tokenStore(token: string | TokenStore | undefined): TokenStore {
  if (typeof token === "object") return token;
  let current = token;
  return {
    get: () => current,
    set: (next) => {
      current = next;
    },
  };
}

/** Adds to each request what every route may want, and remembers the cart that an answer names. */
function storefrontFetch({ fetch: send, staffKey }: ClientOptions, cart: TokenStore) {
  return async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const { headers, method } = request;
    const token = cart.get();
    if (token !== undefined && !headers.has("Cart-Token")) headers.set("Cart-Token", token);
    // A key that opens the shop goes nowhere but where it is asked for.
    if (staffKey !== undefined && new URL(request.url).pathname.startsWith("/ops/")) {
      headers.set("Authorization", `Bearer ${staffKey}`);
    }
    if (method !== "GET" && method !== "HEAD" && !headers.has("Idempotency-Key")) {
      headers.set("Idempotency-Key", crypto.randomUUID());
    }
    // Called as a bare function: browsers refuse a `fetch` with another `this`.
    const response = await (send ? send(request) : fetch(request));
    const answered = response.headers.get("Cart-Token");
    if (answered !== null) cart.set(answered);
    return response;
  };
}

function requestOptions(
  { idempotencyKey, signal }: CallOptions = {},
  more: Record<string, string> = {},
) {
  const key = idempotencyKey === undefined ? {} : { "Idempotency-Key": idempotencyKey };
  return { headers: { ...key, ...more }, ...(signal ? { init: { signal } } : {}) };
}

/** The bodies of all the successes a route has: where there are two, their fields tell them apart. */
type BodyOf<Answer> = Answer extends ClientResponse<infer Body, number, "json"> ? Body : never;

async function success<Answer extends ClientResponse<unknown, number, "json">>(
  call: Promise<Answer>,
): Promise<BodyOf<Answer>> {
  const response = await call;
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/problem+json")) {
    const problem = (await response.json()) as ProblemBody;
    throw new ProblemError(problem, response.headers.get("Retry-After"));
  }
  if (!response.ok || !type.startsWith("application/json")) {
    await response.body?.cancel();
    throw new UnexpectedResponse(response.status);
  }
  return (await response.json()) as BodyOf<Answer>;
}
