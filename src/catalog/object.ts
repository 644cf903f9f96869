import { DurableObject } from "cloudflare:workers";
import { openIo } from "../platform/io/io.ts";
import { logError } from "../platform/telemetry/log.ts";
import { movePriceOrder, type PriceOrderProgress } from "./move-price-order.ts";

const PROGRESS = "progress";
/** The runtime drops an alarm after its sixth failed retry. */
const ALARM_RETRIES_TRUSTED = 5;
const ALARM_REST_MS = 60_000;

/**
 * Wakes when a price rule starts or ends, and brings the order of prices in lists up to date. There
 * is one such object, so only one walk over the catalogue at a time. Nothing that is shown or charged
 * waits for it: prices are computed from the rules and the time.
 */
export class PriceClockObject extends DurableObject<Env> {
  /** The earliest call that came while the alarm ran, and which its end must not overwrite. */
  #askedForMs = Number.POSITIVE_INFINITY;

  /** Has it look at the rules at a time, or earlier. */
  async wakeAt(atMs: number): Promise<void> {
    this.#askedForMs = Math.min(this.#askedForMs, atMs);
    const setMs = (await this.ctx.storage.getAlarm()) ?? Number.POSITIVE_INFINITY;
    if (atMs < setMs) await this.ctx.storage.setAlarm(atMs);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    this.#askedForMs = Number.POSITIVE_INFINITY;
    try {
      const io = openIo(this.env, "price-clock");
      const known = await this.ctx.storage.get<PriceOrderProgress>(PROGRESS);
      const { progress, nextMs } = await movePriceOrder(io, this.env, known ?? { settledToMs: 0 });
      await this.ctx.storage.put(PROGRESS, progress);
      await this.#arm(nextMs);
    } catch (error) {
      if ((info?.retryCount ?? 0) < ALARM_RETRIES_TRUSTED) throw error;
      logError("price_clock.failed", error);
      await this.#arm(Date.now() + ALARM_REST_MS);
    }
  }

  async #arm(nextMs = Number.POSITIVE_INFINITY): Promise<void> {
    const dueMs = Math.min(nextMs, this.#askedForMs);
    if (Number.isFinite(dueMs)) await this.ctx.storage.setAlarm(dueMs);
  }
}
