import type { Consistency, Health, Order, Pages, Purged, Stock } from "./answers.ts";
import { facts, table } from "./table.ts";

const TAGS_SHOWN_MAX = 10;

export function renderPurge({ position, effectiveBy, tags, pages }: Purged, nowMs: number): string {
  const rest = tags.length - TAGS_SHOWN_MAX;
  const shown = [...tags.slice(0, TAGS_SHOWN_MAX), ...(rest > 0 ? [`and ${rest} more`] : [])];
  const inMs = effectiveBy === null ? 0 : Math.max(0, Date.parse(effectiveBy) - nowMs);
  return facts([
    [effectiveBy === null ? "would purge" : "purged", shown.join(", ") || "everything"],
    ["pages here", `${pages}, in the memory of the isolate that answered`],
    ["position", position],
    [
      "effective by",
      effectiveBy === null ? "never: a dry run" : `${effectiveBy} (in ${seconds(inMs)})`,
    ],
  ]);
}

const LAYERS: readonly (readonly [served: keyof Pages["served"], name: string])[] = [
  ["hit-memory", "isolate memory"],
  ["hit-pop", "data centre"],
  ["hit-global", "global (KV)"],
  ["miss", "rendered"],
  ["stale", "stood in for a failed render"],
];

export function renderPages({ entries, bytes, served, hitRates, feed }: Pages): string {
  const { position, state, ageMs } = feed;
  const rows = LAYERS.map(([key, name]) => {
    const rate = hitRates[key];
    return [name, served[key], rate === undefined ? null : percent(rate)];
  });
  const head = facts([
    ["pages in memory", entries],
    ["bytes", `${bytes.toLocaleString("en")}`],
    ["feed position", position],
    ["feed", `${state}, ${ageMs === null ? "not asked yet" : `${seconds(ageMs)} behind`}`],
  ]);
  return `${head}\n\n${table(["answered by", "answers", "hit rate"], rows)}`;
}

export function renderHealth({ status, version, checks }: Health): string {
  const rows = Object.entries(checks).map(([name, check]) => [
    name,
    check.status,
    `${check.latencyMs} ms`,
  ]);
  const head = facts([
    ["shop", status],
    ["version", version],
  ]);
  return `${head}\n\n${table(["depends on", "status", "latency"], rows)}`;
}

export function renderOrder(order: Order): string {
  const { id, number, status, email, lines, totals, payment, createdAt, events } = order;
  const { captured, refunded, processor } = payment;
  const head = facts([
    ["order", `${number} (${id})`],
    ["status", status],
    ["placed", createdAt],
    ["shopper", email],
    ["total", amount(totals.total)],
    [
      "payment",
      `${payment.status} by ${processor}: ${amount(captured)} captured, ${amount(refunded)} refunded`,
    ],
  ]);
  const goods = table(
    ["sku", "units", "total"],
    lines.map(({ sku, quantity, total }) => [sku, quantity, amount(total)]),
  );
  const history = table(
    ["#", "event", "at", "by", "trace"],
    events.map(({ sequence, type, occurredAt, actor, trace }) => [
      sequence,
      type,
      occurredAt,
      `${actor.kind} ${actor.id}`,
      trace,
    ]),
  );
  return [head, goods, history].join("\n\n");
}

export function renderStock(sku: string, { onHand, held, available, locations, ledger }: Stock) {
  const head = facts([
    ["sku", sku],
    ["on hand", onHand],
    ["held", held],
    ["available", available],
  ]);
  const places = table(
    ["location", "on hand", "held"],
    locations.map((place) => [place.location, place.onHand, place.held]),
  );
  const movements = table(
    ["at", "kind", "units", "location", "reason"],
    ledger.map((entry) => [
      entry.occurredAt,
      entry.kind,
      entry.quantity,
      entry.location,
      entry.reason,
    ]),
  );
  return [head, places, movements].join("\n\n");
}

export function renderAudit({ findings, unknown, checked }: Consistency): string {
  const head = facts([
    ["orders checked", checked],
    ["findings", findings.length],
    ["could not be asked", unknown.length],
  ]);
  const found = table(
    ["invariant", "order", "what", "what would mend it"],
    findings.map(({ invariant, orderId, detail, repair }) => [invariant, orderId, detail, repair]),
  );
  const silent = table(
    ["order", "not known"],
    unknown.map(({ orderId, what }) => [orderId, what]),
  );
  return [
    head,
    ...(findings.length > 0 ? [found] : []),
    ...(unknown.length > 0 ? [silent] : []),
  ].join("\n\n");
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

function amount({ amount: minor, currency }: { amount: number; currency: string }): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** digits);
}
