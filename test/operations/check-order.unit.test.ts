import { describe, it } from "vitest";
import { type Checked, checkOrder } from "../../src/operations/check-order.ts";
import type { OrderEventBody, OrderEvidence, StoredEvent } from "../../src/orders/index.ts";
import { foldOrder } from "../../src/orders/state.ts";
import type { OrderId, Sku } from "../../src/shared/ids.ts";
import { money } from "../../src/shared/money.ts";
import {
  cancelled,
  captured,
  newOrderId,
  PLACED_AT_MS,
  placedBody,
  refunded,
  returnReceived,
  returnRequested,
  stockReturned,
  stream,
} from "../orders/placed-order.ts";

const LIMITS = { nowMs: PLACED_AT_MS + 3_600_000, graceMs: 600_000 };

/** An order's evidence as it ought to be: settled, listed, confirmed, its goods gone. */
function sound(bodies: OrderEventBody[], orderId: OrderId = newOrderId()): Checked {
  const events = stream(bodies, { orderId });
  const stored: StoredEvent[] = events.map((event) => ({
    sequence: event.sequence,
    eventId: event.eventId,
    type: event.type,
    occurredAtMs: event.occurredAtMs,
    publishedAtMs: event.occurredAtMs,
    dueAtMs: null,
    awaiting: [],
    event,
  }));
  const value = foldOrder(events)!;
  const evidence = {
    orderId,
    events: stored,
    state: { ok: true, value },
    listDiffers: [],
  } as const;
  const [line] = placedBody(orderId).lines;
  return {
    evidence,
    mails: ["order-confirmation"],
    movements: [{ sku: line!.sku, kind: "commit", quantity: 2 }],
    redemptions: [],
    payment: "not_asked",
  };
}

const paid = () => sound([captured(2500)]);
const invariants = (checked: Checked, limits = LIMITS) =>
  checkOrder(checked, limits).map(({ invariant }) => invariant);
const withEvidence = (checked: Checked, change: Partial<OrderEvidence>): Checked => ({
  ...checked,
  evidence: { ...checked.evidence, ...change },
});

describe("checkOrder", () => {
  it("finds nothing wrong with what is right", ({ expect }) => {
    expect(checkOrder(paid(), LIMITS)).toEqual([]);
    const ended = sound([captured(2500), cancelled(), refunded(2500), stockReturned]);
    const back = { kind: "return", quantity: 2 };
    const movements = ended.movements as { sku: Sku; kind: string; quantity: number }[];
    const returned = { ...ended, movements: [...movements, { ...movements[0]!, ...back }] };
    expect(checkOrder(returned, LIMITS)).toEqual([]);
  });

  it("finds a stream that makes no order, and looks no further", ({ expect }) => {
    const broken = withEvidence(paid(), { state: { ok: false, reason: "gap or repeat at 3" } });
    expect(checkOrder({ ...broken, mails: [] }, LIMITS)).toMatchObject([
      { invariant: "I10", detail: "gap or repeat at 3" },
    ]);
  });

  it("finds money that does not add up", ({ expect }) => {
    const order = paid();
    if (!order.evidence.state.ok) throw new Error("it is sound");
    const { value } = order.evidence.state;
    const totals = { ...value.placed.totals, tax: money(1, "USD") };
    const planted = [
      { ...value, placed: { ...value.placed, totals } },
      { ...value, payment: { ...value.payment, captured: 2499 as never } },
      { ...value, payment: { ...value.payment, refunded: 2501 as never } },
    ];
    for (const state of planted) {
      const wrong = withEvidence(order, { state: { ok: true, value: state } });
      expect(invariants(wrong)).toEqual(["I6"]);
    }
  });

  it("finds an event that nobody settles, once it is old", ({ expect }) => {
    const order = paid();
    const events = order.evidence.events.map((event, at) =>
      at === 1 ? { ...event, awaiting: ["COMMS_QUEUE"] as const } : event,
    );
    const stuck = withEvidence(order, { events });
    expect(checkOrder(stuck, LIMITS)).toMatchObject([
      { invariant: "I13", detail: expect.stringContaining("COMMS_QUEUE") },
    ]);
    expect(invariants(stuck, { ...LIMITS, nowMs: PLACED_AT_MS + 60_000 })).toEqual([]);
  });

  it("finds a list row that is missing, or says something else", ({ expect }) => {
    expect(invariants(withEvidence(paid(), { listDiffers: undefined }))).toEqual(["I11"]);
    const stale = checkOrder(withEvidence(paid(), { listDiffers: ["status"] }), LIMITS);
    expect(stale).toMatchObject([{ invariant: "I11", detail: "its list row differs in status" }]);
  });

  it("finds a confirmation too many, one too few, and one of what was never paid", ({ expect }) => {
    const twice = ["order-confirmation", "order-confirmation"];
    expect(invariants({ ...paid(), mails: twice })).toEqual(["I14"]);
    expect(invariants({ ...paid(), mails: [] })).toEqual(["I14"]);
    expect(invariants(sound([]))).toEqual(["I14"]);
    expect(invariants({ ...sound([]), mails: [] })).toEqual([]);
  });

  it("finds goods that left without a sale, or stayed after one", ({ expect }) => {
    const order = paid();
    const movements = order.movements as { sku: Sku; kind: string; quantity: number }[];
    expect(invariants({ ...order, movements: [] })).toEqual(["I1"]);
    expect(invariants({ ...order, movements: [...movements, ...movements] })).toEqual(["I1"]);
    const gone = sound([captured(2500), cancelled(), stockReturned]);
    expect(invariants(gone)).toEqual(["I1"]);
    expect(invariants({ ...order, movements: "unknown" })).toEqual([]);
  });

  it("takes what a return put back into account, once it did", ({ expect }) => {
    const orderId = newOrderId();
    const [line] = placedBody(orderId).lines;
    const restock = [{ sku: line!.sku, quantity: 1 }];
    const receipt = returnReceived("lin_1", 1);
    const received = { ...receipt, data: { ...receipt.data, restock } };
    const bodies = [captured(2500), returnRequested("lin_1", 1), received];
    expect(invariants(sound(bodies, orderId))).toEqual([]);
    const done = { type: "return.restocked.v1", data: { returnId: "ret_1" } } as const;
    const restocked = sound([...bodies, done], orderId);
    expect(invariants(restocked)).toEqual(["I1"]);
    const back = { sku: line!.sku, kind: "return", quantity: 1 };
    const moved = [
      ...(restocked.movements as { sku: Sku; kind: string; quantity: number }[]),
      back,
    ];
    expect(invariants({ ...restocked, movements: moved })).toEqual([]);
  });

  it("finds a payment that the order and its processor tell differently", ({ expect }) => {
    const placed = { ...sound([]), mails: [] };
    const amount = money(2500, "USD");
    const says = (payment: Checked["payment"]) => invariants({ ...placed, payment });
    expect(says({ kind: "captured", paymentId: "pi_1", amount })).toEqual(["I8"]);
    expect(says({ kind: "approved", paymentId: "pi_1", amount })).toEqual(["I7"]);
    expect(says({ kind: "voided", paymentId: "pi_1" })).toEqual(["I7"]);
    expect(says({ kind: "none" })).toEqual(["I7"]);
    expect(says("unknown")).toEqual([]);
    const young = { ...LIMITS, nowMs: PLACED_AT_MS + 1_000 };
    const kept = { ...placed, payment: { kind: "none" } as const };
    expect(invariants(kept, young)).toEqual([]);
  });

  it("proposes a repair for everything that it finds", ({ expect }) => {
    const wrong = withEvidence({ ...paid(), mails: [], movements: [] }, { listDiffers: undefined });
    const found = checkOrder(wrong, LIMITS);
    expect(found).toHaveLength(3);
    for (const { repair } of found) expect(repair.length).toBeGreaterThan(20);
  });
});
