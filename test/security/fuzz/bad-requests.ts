import { type BadBody, badBodies, HOSTILE_SEGMENTS, rightBody, rightQuery } from "../bad-values.ts";
import { pathOf, type Route } from "../documented-routes.ts";
import { Random } from "./random.ts";

export type FuzzRequest = {
  route: Route;
  method: string;
  /** With its query. */
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array | undefined;
  /** What was made wrong, for people. */
  story: string[];
};

type Draft = FuzzRequest & { random: Random };
type Mutation = { name: string; share: number; apply(draft: Draft): void };

const TEXTS = [
  "",
  " ",
  "\u0000",
  "\ufeff",
  "null",
  "-0",
  "1e400",
  "NaN",
  "../../etc/passwd",
  "{{7*7}}",
  "<script>",
  "%0d%0aX: 1",
  "' OR '1'='1",
  "\ud800",
  "é".repeat(200),
  "x".repeat(5_000),
  "__proto__",
  "$ne",
  "=cmd|' /C calc'!A0",
  "\r\nX-Injected: 1",
];
const NUMBERS = [
  "-1",
  "0",
  "1.5",
  "1e308",
  "9007199254740993",
  "-9223372036854775808",
  "18446744073709551616",
  "1e-9",
];
const KEYS = [
  "__proto__",
  "constructor",
  "id",
  "price",
  "total",
  "status",
  "role",
  "extra",
  "",
  "a.b",
  "$where",
  "quantity",
  "items",
  "toString",
];
const RAW_BODIES: readonly (string | Uint8Array)[] = [
  "",
  "{",
  "[]",
  "null",
  '""',
  '{"a":1,}',
  "{'a':1}",
  "\ufeff{}",
  '{"a":1}{"a":2}',
  "[".repeat(20_000),
  `${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`,
  '{"a":1e999}',
  '{"quantity":1,"quantity":-1}',
  '"\\ud800"',
  "x".repeat(70_000),
  new Uint8Array([0xff, 0xfe, 0x7b, 0x7d]),
  new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
  new Uint8Array(200),
];
const HEADERS: readonly (readonly [string, readonly string[]])[] = [
  [
    "Content-Type",
    [
      "text/plain",
      "application/xml",
      "application/json; charset=utf-16",
      "multipart/form-data; boundary=x",
      "application/problem+json",
      ";",
      "a".repeat(3_000),
    ],
  ],
  ["Accept", ["text/html", "*/*;q=0", "application/xml"]],
  ["Idempotency-Key", ["", '"', " ", "k".repeat(256), "é", "same-key-for-all", '"quoted"']],
  [
    "Authorization",
    [
      "",
      "Bearer",
      "Bearer x",
      "Basic YTpi",
      "Bearer eyJhbGciOiJub25lIn0.e30.",
      "Bearer fsk_00000000000000000000000000000000",
      `Bearer ${"a".repeat(9_000)}`,
    ],
  ],
  ["Cart-Token", ["", "x", "t".repeat(42), "t".repeat(44), "../", "é"]],
  ["Order-Token", ["", "x", "t".repeat(43)]],
  ["If-None-Match", ["*", '"x"', 'W/"', ","]],
  ["X-Request-Id", ["", "x", "a b", "<script>", "r".repeat(500)]],
  ["X-HTTP-Method-Override", ["DELETE", "PUT", "TRACE"]],
  ["Origin", ["null", "https://evil.example", "x"]],
  ["X-Forwarded-For", ["127.0.0.1", "::1", "x".repeat(500)]],
  ["Accept-Language", ["xx-XX;q=9", "*"]],
  ["Cookie", ["a=b; __Host-x=y", ";"]],
  ["Range", ["bytes=0-0", "bytes=-1"]],
  ["Expect", ["200-ok"]],
];

const setBody = (draft: Draft, value: unknown) => {
  draft.body = JSON.stringify(value);
};
const bodyOf = ({ body }: Draft): Record<string, unknown> | undefined => {
  if (typeof body !== "string") return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return value !== null && typeof value === "object" && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
};

const badBodiesOf = new Map<string, BadBody[]>();

function wrongBodies({ route }: Draft): BadBody[] {
  const known = badBodiesOf.get(route.name) ?? badBodies(route.body!);
  badBodiesOf.set(route.name, known);
  return known;
}

/** Each makes one thing wrong, or at least strange; several may come together. */
const MUTATIONS: readonly Mutation[] = [
  {
    name: "a field of the wrong kind",
    share: 0.4,
    apply(draft) {
      if (!draft.route.body) return;
      const { body, pointer } = draft.random.pick(wrongBodies(draft));
      setBody(draft, { ...bodyOf(draft), ...(body as object) });
      draft.story.push(pointer);
    },
  },
  {
    name: "a field left out",
    share: 0.15,
    apply(draft) {
      const body = bodyOf(draft);
      if (!body) return;
      delete body[draft.random.pick(Object.keys(body))];
      setBody(draft, body);
    },
  },
  {
    name: "a field too many",
    share: 0.2,
    apply(draft) {
      const body = bodyOf(draft);
      if (!body) return;
      const key = draft.random.pick(KEYS);
      Object.defineProperty(body, key, {
        value: strangeValue(draft.random),
        enumerable: true,
        configurable: true,
      });
      setBody(draft, body);
    },
  },
  {
    name: "a body that is none",
    share: 0.12,
    apply(draft) {
      if (draft.method === "GET" || draft.method === "HEAD") return;
      draft.body = draft.random.pick(RAW_BODIES);
      draft.headers["Content-Type"] ??= "application/json";
    },
  },
  {
    name: "a strange path",
    share: 0.15,
    apply(draft) {
      const named = draft.route.parameters.filter((each) => each.in === "path");
      if (named.length === 0) return;
      const { name } = draft.random.pick(named);
      const [, query] = draft.path.split("?");
      const value = draft.random.chance(0.5)
        ? draft.random.pick(HOSTILE_SEGMENTS)
        : encodeURIComponent(draft.random.pick(TEXTS).toWellFormed() || "-");
      draft.path = pathOf(draft.route, { [name]: value }) + (query ? `?${query}` : "");
    },
  },
  {
    name: "a strange query",
    share: 0.3,
    apply(draft) {
      const { random, route } = draft;
      const named = route.parameters.filter((each) => each.in === "query").map(({ name }) => name);
      const name = random.chance(0.7) && named.length > 0 ? random.pick(named) : random.pick(KEYS);
      const value = random.chance(0.5) ? random.pick(NUMBERS) : random.pick(TEXTS);
      const times = random.chance(0.1) ? 30 : 1;
      const text = new URLSearchParams(
        Array.from({ length: times }, () => [name, value]),
      ).toString();
      draft.path += `${draft.path.includes("?") ? "&" : "?"}${random.chance(0.1) ? "%ff&=&&" : ""}${text}`;
    },
  },
  {
    name: "a strange header",
    share: 0.3,
    apply(draft) {
      const [name, values] = draft.random.pick(HEADERS);
      const value = draft.random.pick(values);
      draft.headers[name] = value;
      draft.story.push(name);
    },
  },
  {
    name: "a credential missing",
    share: 0.1,
    apply(draft) {
      delete draft.headers[
        draft.random.pick(["Authorization", "Cart-Token", "Order-Token", "Idempotency-Key"])
      ];
    },
  },
  {
    name: "another method",
    share: 0.05,
    apply(draft) {
      draft.method = draft.random.pick([
        "GET",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "HEAD",
        "OPTIONS",
        "PROPFIND",
      ]);
      if (draft.method === "GET" || draft.method === "HEAD") draft.body = undefined;
    },
  },
];

function strangeValue(random: Random): unknown {
  const plain: unknown[] = [
    null,
    true,
    -1,
    0.1,
    2 ** 53,
    [],
    {},
    [[]],
    { __proto__: null },
    random.pick(TEXTS),
  ];
  return random.chance(0.2) ? { [random.pick(KEYS)]: random.pick(plain) } : random.pick(plain);
}

/**
 * The request of a place in a run. It follows from the seed and the place alone, so any request of any
 * run can be sent again by itself. Routes take turns: none is forgotten.
 */
export function badRequest(
  routes: readonly Route[],
  credentialsOf: (route: Route) => Record<string, string>,
  seed: number,
  place: number,
): FuzzRequest {
  const random = new Random(seed * 1_000_003 + place);
  const route = routes[place % routes.length]!;
  const draft: Draft = {
    random,
    route,
    method: route.method,
    path: `${pathOf(route)}${rightQuery(route.parameters)}`,
    headers: {
      ...credentialsOf(route),
      "Idempotency-Key": `fuzz-${seed}-${place}`,
      ...(route.body ? { "Content-Type": "application/json" } : {}),
    },
    body: route.body && JSON.stringify(rightBody(route.body)),
    story: [],
  };
  for (const { name, share, apply } of MUTATIONS) {
    if (!random.chance(share)) continue;
    draft.story.push(name);
    apply(draft);
  }
  const { random: _, ...request } = draft;
  return request;
}
