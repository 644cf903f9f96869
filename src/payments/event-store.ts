import { and, asc, eq, isNotNull, isNull, lte, sql as raw } from "drizzle-orm";
import type { Io } from "../platform/io/io.ts";
import type { AdyenNotifications } from "./adyen.ts";
import type { AdyenItem } from "./adyen-standing.ts";
import { adyenNews, type PaymentNews, readAdyenItem, readStripeEvent } from "./news.ts";
import { paymentEvents } from "./schema.ts";

type Store = Pick<Io, "sql" | "clock">;

/** Left to whoever received the event before the sweep takes it up. */
const HANDLE_WITHIN_MS = 10_000;
const RETRY_MS_MAX = 60 * 60 * 1000;
/** More notifications than any payment has; a bound, so that no reference can make a read unbounded. */
const ITEMS_MAX = 200;

export type StoredEvent = { news: PaymentNews; body: string };
export type DueEvent = StoredEvent & { receivedAtMs: number; tries: number };

/** Keeps an event before it is answered. False when it is known already: a repeat has no effect. */
export async function storeEvent(
  { sql, clock }: Store,
  { news, body }: StoredEvent,
): Promise<boolean> {
  const nowMs = clock.nowMs();
  const { processor, eventId, type, reference, paymentId, isForeign } = news;
  const { rowsAffected } = await sql
    .insert(paymentEvents)
    .ignore()
    .values({
      processor,
      eventId,
      type,
      reference,
      paymentId,
      body,
      receivedAtMs: nowMs,
      dueAtMs: nowMs + HANDLE_WITHIN_MS,
      tries: 0,
      ...(isForeign && { fault: "other_merchant" }),
    });
  return rowsAffected === 1;
}

const isEvent = ({ processor, eventId }: PaymentNews) =>
  and(eq(paymentEvents.processor, processor), eq(paymentEvents.eventId, eventId));

/** Done with it. With a fault it stays out of every answer about its payment. */
export async function markHandled(
  { sql, clock }: Store,
  news: PaymentNews,
  fault?: string,
): Promise<void> {
  await sql
    .update(paymentEvents)
    .set({ handledAtMs: clock.nowMs(), dueAtMs: null, ...(fault && { fault }) })
    .where(isEvent(news));
}

/** Not yet: the sweep tries again, later each time. */
export async function postpone(
  { sql, clock }: Store,
  news: PaymentNews,
  tries: number,
): Promise<void> {
  const delayMs = Math.min(HANDLE_WITHIN_MS * 2 ** tries, RETRY_MS_MAX);
  await sql
    .update(paymentEvents)
    .set({ dueAtMs: clock.nowMs() + delayMs, tries: raw`${paymentEvents.tries} + 1` })
    .where(and(isEvent(news), isNotNull(paymentEvents.dueAtMs)));
}

/** The events that nobody has handled in time, longest waiting first. */
export async function listDueEvents(
  { sql, clock, config }: Store & Pick<Io, "config">,
  limit: number,
): Promise<DueEvent[]> {
  const rows = await sql
    .select()
    .from(paymentEvents)
    .where(lte(paymentEvents.dueAtMs, clock.nowMs()))
    .orderBy(asc(paymentEvents.dueAtMs), asc(paymentEvents.eventId))
    .limit(limit);
  return rows.flatMap(({ processor, body, receivedAtMs, tries }) => {
    const item = processor === "adyen" ? readAdyenItem(body) : undefined;
    const news = item
      ? adyenNews(item, config.ADYEN?.merchantAccount ?? item.merchantAccountCode)
      : readStripeEvent(body);
    return news ? [{ news, body, receivedAtMs, tries }] : [];
  });
}

/** The key that an earlier event of the same payment carried, for an event that carries none. */
export async function referenceOf(
  { sql }: Pick<Io, "sql">,
  { processor, paymentId }: PaymentNews,
): Promise<string | null> {
  if (paymentId === null) return null;
  const [row] = await sql
    .select({ reference: paymentEvents.reference })
    .from(paymentEvents)
    .where(
      and(
        eq(paymentEvents.processor, processor),
        eq(paymentEvents.paymentId, paymentId),
        isNotNull(paymentEvents.reference),
      ),
    )
    .limit(1);
  return row?.reference ?? null;
}

/** What Adyen has told, for its adapter. Events with a fault, and other merchants', are not there. */
export function adyenNotifications(
  io: Pick<Io, "sql">,
  merchantAccount: string,
): AdyenNotifications {
  const read = async (column: "reference" | "paymentId", value: string): Promise<AdyenItem[]> => {
    const rows = await io.sql
      .select({ body: paymentEvents.body })
      .from(paymentEvents)
      .where(
        and(
          eq(paymentEvents.processor, "adyen"),
          eq(paymentEvents[column], value),
          isNull(paymentEvents.fault),
        ),
      )
      .limit(ITEMS_MAX);
    return rows.flatMap(({ body }) => {
      const item = readAdyenItem(body);
      return item?.merchantAccountCode === merchantAccount ? [item] : [];
    });
  };
  return {
    byReference: (reference) => read("reference", reference),
    byPayment: (paymentId) => read("paymentId", paymentId),
  };
}
