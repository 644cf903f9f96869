import { type DeviceRow, deleteDevices, openDevices, tokenOf } from "../../account/index.ts";
import { DependencyDown, weatherBehind } from "../../platform/dependency.ts";
import type { Io } from "../../platform/io/io.ts";
import { logError, logInfo } from "../../platform/telemetry/log.ts";
import type { EventId, OrderId, UserId } from "../../shared/ids.ts";
import type { PushOutcome, PushProvider } from "../model.ts";
import type { OrderTemplate } from "../notice.ts";
import type { PushText } from "../order-push.ts";
import { claimPush, releasePush, settlePush } from "./push-store.ts";

export type TellDevices = {
  userId: UserId;
  eventId: EventId;
  orderId: OrderId;
  template: OrderTemplate;
  /** A device that was registered later is not told: a message may be redriven weeks after. */
  occurredAtMs: number;
  text: PushText;
};
type Told = "told" | "not_told" | { refused: string };

/**
 * Tells all devices of a shopper, side by side, each once. A device that is gone is forgotten and is
 * nobody's trouble. Throws `DependencyDown` when one of them could not be told: the others stay told, and
 * the repeat leaves them out.
 *
 * The provider has no idempotency keys. What bounds doubles is the claim that is written before each call:
 * a second one is sent only after the first was not answered, or its answer was lost with who waited for
 * it; and the device shows it in place of the first.
 */
export async function tellDevices(
  io: Io,
  provider: PushProvider,
  event: TellDevices,
): Promise<{ told: number; refused: string[] }> {
  const devices = await openDevices(io, event.userId);
  const known = devices.filter(({ createdAtMs }) => createdAtMs <= event.occurredAtMs);
  const results = await Promise.allSettled(
    known.map((device) => tellDevice(io, provider, event, device)),
  );
  const failures = results.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
  if (failures.length > 0) throw heaviest(failures);
  const ended = results.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const refused = ended.flatMap((each) => (typeof each === "object" ? [each.refused] : []));
  return { told: ended.filter((each) => each === "told").length, refused: [...new Set(refused)] };
}

async function tellDevice(
  io: Io,
  provider: PushProvider,
  { eventId, orderId, template, text }: TellDevices,
  device: DeviceRow,
): Promise<Told> {
  const telling = { eventId, deviceId: device.id };
  const claimedAtMs = io.clock.nowMs();
  const claim = await claimPush(io.sql, { ...telling, template, orderId }, claimedAtMs);
  if (claim === "settled") return "not_told";
  if (claim === "busy") throw new DependencyDown("push", new Error("is being told already"));
  let outcome: PushOutcome;
  try {
    const token = await tokenOf(io, device);
    outcome =
      token === undefined
        ? { kind: "gone", reason: "its seal is gone" }
        : await provider.send({ ...text, token });
  } catch (error) {
    // Whether it arrived is not known. The repeat is to come as soon as the queue sends it.
    await releasePush(io.sql, telling, claimedAtMs);
    throw error;
  }
  if (outcome.kind === "refused") {
    await releasePush(io.sql, telling, claimedAtMs);
    return { refused: outcome.reason };
  }
  const { kind } = outcome;
  const sent = outcome.kind === "sent" ? { providerMessageId: outcome.messageId } : {};
  await settlePush(io.sql, telling, { outcome: kind, ...sent, settledAtMs: io.clock.nowMs() });
  const about = { deviceId: device.id, template, orderId, eventId, trace: io.trace };
  if (outcome.kind === "sent") {
    logInfo("comms.sent", { channel: "push", ...about });
    return "told";
  }
  if (outcome.kind === "foreign") {
    // All at once, it is the wrong project that is configured: so no device is forgotten for it.
    logError("comms.device_foreign", new Error(outcome.reason), about);
    return "not_told";
  }
  logInfo("comms.device_gone", { reason: outcome.reason, ...about });
  await deleteDevices(io.sql, [device]);
  return "not_told";
}

/** The one that decides when to try again: a bug before weather, then who asks for the longest wait. */
function heaviest(errors: readonly unknown[]): unknown {
  const wait = (error: unknown) => {
    const weather = weatherBehind(error);
    return weather ? (weather.retryAfterSeconds ?? 0) : Number.POSITIVE_INFINITY;
  };
  return errors.reduce((heavy, error) => (wait(error) > wait(heavy) ? error : heavy));
}
