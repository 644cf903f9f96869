import { effect } from "./fault-points.ts";

const real = globalThis.fetch;

/** Makes a fault point of each call to a system outside, named by what it does there. */
export function watchFetch(env: Record<string, unknown>): void {
  const places = placesOf(env);
  globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const place = places.get(url.host);
    if (!place) return real(input, init);
    // A repeat and a late one are requests of their own: the caller's deadline is not theirs.
    const { signal: _, ...rest } = init ?? {};
    let calls = 0;
    const call = () => {
      calls += 1;
      return real(input, calls === 1 ? init : rest);
    };
    return effect(nameOf(place, url.pathname, init), { call });
  };
}

function placesOf(env: Record<string, unknown>): Map<string, string> {
  const places: [string, string][] = [
    ["stripe", String(env.STRIPE_URL)],
    ["adyen", String(env.ADYEN_URL)],
    ["mysql", String(env.MYSQL_URL)],
    ["mail", String(env.MAIL_URL)],
    ["handover", String(env.WEBHOOK_ALLOWED_ORIGINS)],
  ];
  return new Map(places.map(([name, url]) => [new URL(url).host, name]));
}

const STRIPE: readonly [RegExp, string][] = [
  [/\/search$/, "find"],
  [/\/capture$/, "capture"],
  [/\/cancel$/, "void"],
  [/\/refunds$/, "refund"],
  [/\/payment_intents$/, "authorize"],
];
const ADYEN: readonly [RegExp, string][] = [
  [/\/captures$/, "capture"],
  [/\/cancels$/, "void"],
  [/\/refunds$/, "refund"],
  [/\/payments$/, "authorize"],
];

function nameOf(place: string, path: string, init: RequestInit | undefined): string {
  const verb = (verbs: readonly [RegExp, string][]) =>
    verbs.find(([pattern]) => pattern.test(path))?.[1] ?? "read";
  switch (place) {
    case "stripe":
      return `stripe ${verb(STRIPE)}`;
    case "adyen":
      return `adyen ${verb(ADYEN)}`;
    case "mysql":
      return `mysql ${statementOf(String(init?.body ?? ""))}`;
    default:
      return place;
  }
}

/** `insert order_events`: the verb and the table of a statement. */
function statementOf(body: string): string {
  let query = "";
  try {
    query = (JSON.parse(body) as { query?: string }).query ?? "";
  } catch {
    return "session";
  }
  const [, verb = "other"] = /^\s*(\w+)/.exec(query) ?? [];
  const [, table] = /(?:into|from|update)\s+`(\w+)`/i.exec(query) ?? [];
  return table ? `${verb.toLowerCase()} ${table}` : verb.toLowerCase();
}
