import { weatherBehind } from "../platform/dependency.ts";
import type { Io } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import { raiseAlert } from "./alerts.ts";
import {
  type DueEvent,
  listDueEvents,
  markHandled,
  postpone,
  referenceOf,
  type StoredEvent,
} from "./event-store.ts";
import type { PaymentNews } from "./news.ts";

/**
 * What came of telling whoever the payment belongs to. `not_yet`: it is being worked on, or the
 * processor cannot be asked. `mismatch`: the money is not the order's.
 */
export type HeardNews = "settled" | "not_yet" | "unknown_payment" | "mismatch";

/** Wakes the checkout or order of a payment; it then asks the processor and decides by that answer. */
export type HearNews = (news: PaymentNews & { reference: string }) => Promise<HeardNews>;

/** For so long an event may come before what it is about; then a person has to look. */
const UNKNOWN_FOR_MS_MAX = 24 * 60 * 60 * 1000;

type EventIo = Pick<Io, "sql" | "clock" | "trace">;

/** Handles one stored event, or leaves it to the sweep. Repeating it changes nothing. */
export async function handleEvent(
  io: EventIo,
  hear: HearNews,
  event: StoredEvent & Partial<Pick<DueEvent, "receivedAtMs" | "tries">>,
): Promise<"handled" | "left"> {
  const { news, tries = 0 } = event;
  const subject = `${news.processor}:${news.eventId}`;
  if (news.isForeign) {
    const detail = `${news.type} is about another merchant's account`;
    await raiseAlert(io, { kind: "other_merchant", subject, detail });
    await markHandled(io, news, "other_merchant");
    return "handled";
  }
  if (news.kind === "other") {
    await markHandled(io, news);
    return "handled";
  }
  if (news.isSetback) {
    const detail = `${news.type} of payment ${news.paymentId}`;
    await raiseAlert(io, { kind: "movement_failed", subject, detail });
  }
  switch (await heard(io, hear, news)) {
    case "settled":
      await markHandled(io, news);
      return "handled";
    case "mismatch": {
      const detail = `${news.type} of another amount: ${JSON.stringify(news.amount)}`;
      await raiseAlert(io, { kind: "amount_mismatch", subject, detail });
      await markHandled(io, news, "amount_mismatch");
      return "handled";
    }
    case "unknown_payment": {
      const ageMs = io.clock.nowMs() - (event.receivedAtMs ?? io.clock.nowMs());
      if (ageMs > UNKNOWN_FOR_MS_MAX) {
        const detail = `${news.type} of a payment that nobody here knows: ${news.paymentId}`;
        await raiseAlert(io, { kind: "event_unplaced", subject, detail });
        await markHandled(io, news);
        return "handled";
      }
      await postpone(io, news, tries);
      return "left";
    }
    case "not_yet":
      await postpone(io, news, tries);
      return "left";
  }
}

async function heard(io: EventIo, hear: HearNews, news: PaymentNews): Promise<HeardNews> {
  const reference = news.reference ?? (await referenceOf(io, news));
  if (reference === null) return "unknown_payment";
  try {
    return await hear({ ...news, reference });
  } catch (error) {
    const isWeather = weatherBehind(error) !== undefined;
    logError("payment.news_left", error, { event: news.eventId, isWeather, trace: io.trace });
    return "not_yet";
  }
}

const BATCH_EVENTS = 100;
const BATCHES_MAX = 10;

/** Handles what was left: by a crash, by bad weather, or because it came too early. Bounded. */
export async function sweepEvents(
  io: EventIo & Pick<Io, "config">,
  hear: HearNews,
): Promise<{ handled: number; left: number }> {
  const sweep = { handled: 0, left: 0 };
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    // What is handled or postponed is not due any more, so the next batch is of others.
    const due = await listDueEvents(io, BATCH_EVENTS);
    for (const event of due) sweep[await handleEvent(io, hear, event)] += 1;
    if (due.length < BATCH_EVENTS) break;
  }
  return sweep;
}
