import { type OrderEvidence, type OrderState, voucherReturned } from "../orders/index.ts";
import type { FoundPayment } from "../payments/index.ts";
import type { OrderId, Sku } from "../shared/ids.ts";

/** The invariants that can be looked at on live data, by their names in the reliability notes. */
export type Invariant = "I1" | "I6" | "I7" | "I8" | "I10" | "I11" | "I13" | "I14" | "I16";

export type Finding = {
  orderId: OrderId;
  invariant: Invariant;
  detail: string;
  /** What would mend it; for a person to decide. */
  repair: string;
};

/** What a voucher says that the order took, whether all of that went back, and what went back in parts. */
type Redemption = {
  voucherId: string;
  amount: number;
  status: "redeemed" | "restored" | "none";
  credited: number;
};
type Movement = { sku: Sku; kind: string; quantity: number };

/** Everything about one order that the checkers look at. `unknown`: it could not be asked. */
export type Checked = {
  evidence: OrderEvidence;
  /** The templates of the mails that were sent about it. */
  mails: readonly string[];
  movements: readonly Movement[] | "unknown";
  /** What its vouchers say of it. */
  redemptions: readonly Redemption[] | "unknown";
  /** `not_asked`: nothing about its payment is in doubt. */
  payment: FoundPayment | "not_asked" | "unknown";
};

export type Limits = {
  nowMs: number;
  /** What happened later than this long ago may still be under way. */
  graceMs: number;
};

const CONFIRMATION = "order-confirmation";

/** Holds one order's evidence to each invariant. Pure: the evidence may come from anywhere. */
export function checkOrder(checked: Checked, limits: Limits): Finding[] {
  const { orderId, state } = checked.evidence;
  const finding = (invariant: Invariant, detail: string, repair: string): Finding => ({
    orderId,
    invariant,
    detail,
    repair,
  });
  if (!state.ok) {
    const repair = "do not edit the stream: fix the code that reads it, or append what corrects it";
    return [finding("I10", state.reason, repair)];
  }
  const order = state.value;
  const isOld = limits.nowMs - order.lastEventAtMs > limits.graceMs;
  return [
    ...moneyFaults(order).map((detail) =>
      finding("I6", detail, "compare with the processor's ledger; refund or write off by hand"),
    ),
    ...queueFaults(checked.evidence, limits).map((detail) =>
      finding("I13", detail, "redrive its dead letter, or look why the sweep does not send it"),
    ),
    ...(isOld ? listFaults(checked.evidence) : []).map((detail) =>
      finding("I11", detail, "publish it again: the next event or sweep rebuilds the row"),
    ),
    ...(isOld ? mailFaults(order, checked.mails) : []).map(({ detail, repair }) =>
      finding("I14", detail, repair),
    ),
    ...(isOld && checked.movements !== "unknown" ? stockFaults(order, checked.movements) : []).map(
      (detail) =>
        finding("I1", detail, "book the difference: POST /ops/v1/inventory/{sku}/movements"),
    ),
    ...(isOld && checked.redemptions !== "unknown"
      ? voucherFaults(order, checked.redemptions)
      : []
    ).map((detail) =>
      finding(
        "I16",
        detail,
        "redrive its message in queue refunds or orders; else issue a voucher",
      ),
    ),
    ...(isOld ? paymentFaults(order, checked.payment) : []).map(({ invariant, detail, repair }) =>
      finding(invariant, detail, repair),
    ),
  ];
}

function moneyFaults({ payment, placed, refunds }: OrderState): string[] {
  const { totals, payment: authorized } = placed;
  const voucher = totals.voucher?.amount ?? 0;
  const sum =
    totals.subtotal.amount -
    totals.discount.amount +
    totals.shipping.amount +
    totals.tax.amount -
    voucher;
  const total = totals.total.amount;
  const promised = refunds
    .filter(({ status }) => status === "pending")
    .reduce((all, { amount }) => all + amount.amount, 0);
  return [
    ...(sum === total ? [] : [`its parts make ${sum}, its total is ${total}`]),
    ...(authorized.authorized.amount === total
      ? []
      : [`${authorized.authorized.amount} was authorized for a total of ${total}`]),
    ...(payment.captured === 0 || payment.captured === total
      ? []
      : [`${payment.captured} was captured of ${total}`]),
    ...(payment.refunded + promised <= payment.captured
      ? []
      : [`${payment.refunded} refunded and ${promised} promised of ${payment.captured} captured`]),
  ];
}

function queueFaults({ events }: OrderEvidence, { nowMs, graceMs }: Limits): string[] {
  return events
    .filter(({ awaiting, occurredAtMs }) => awaiting.length > 0 && nowMs - occurredAtMs > graceMs)
    .map(({ type, eventId, awaiting }) => `${type} (${eventId}) waits for ${awaiting.join(", ")}`);
}

function listFaults({ listDiffers }: OrderEvidence): string[] {
  if (listDiffers === undefined) return ["it has no list row"];
  return listDiffers.length === 0 ? [] : [`its list row differs in ${listDiffers.join(", ")}`];
}

function mailFaults(
  order: OrderState,
  mails: readonly string[],
): { detail: string; repair: string }[] {
  const count = mails.filter((template) => template === CONFIRMATION).length;
  const isPaid = order.payment.captured > 0 || order.payment.status === "captured";
  if (count > 1) {
    return [
      { detail: `${count} confirmations were sent`, repair: "apologise; look for the event" },
    ];
  }
  // A cancellation may have come before the confirmation, which then stays away.
  if (isPaid && order.status !== "cancelled" && count === 0) {
    return [{ detail: "no confirmation was sent", repair: "redrive its message in queue comms" }];
  }
  if (!isPaid && count > 0) {
    return [
      {
        detail: "it was confirmed and never paid",
        repair: "settle its payment, or tell the shopper",
      },
    ];
  }
  return [];
}

/** Units that left the shelf for it must be those it sold, less those that came back. */
function stockFaults(order: OrderState, movements: readonly Movement[]): string[] {
  if (order.status === "cancelled" && !order.stockReturned) return []; // I13 says so, if it lasts.
  const owed = new Map<Sku, number>();
  const add = (sku: Sku, quantity: number) => owed.set(sku, (owed.get(sku) ?? 0) + quantity);
  for (const { sku, quantity } of order.placed.lines) {
    add(sku, order.status === "cancelled" ? 0 : quantity);
  }
  for (const { restocked, restock } of order.returns) {
    if (restocked) for (const { sku, quantity } of restock) add(sku, -quantity);
  }
  return [...owed].flatMap(([sku, expected]) => {
    const moved = movements
      .filter((movement) => movement.sku === sku)
      .reduce((sum, { kind, quantity }) => {
        if (kind === "commit") return sum + quantity;
        return kind === "return" ? sum - quantity : sum;
      }, 0);
    return moved === expected ? [] : [`${sku}: ${moved} left the shelf, ${expected} were sold`];
  });
}

/** Each voucher paid what the order says, and got back what its refunds, or its cancellation, say. */
function voucherFaults(order: OrderState, redemptions: readonly Redemption[]): string[] {
  return (order.placed.vouchers ?? []).flatMap(({ id, amount }) => {
    const found = redemptions.find(({ voucherId }) => voucherId === id);
    if (!found || found.status === "none") return [`${id} knows nothing of the ${amount.amount}`];
    const taken = found.amount === amount.amount ? [] : [`${id} paid ${found.amount}`];
    if (order.status === "cancelled") {
      return found.status === "restored" ? taken : [...taken, `${id} did not get its money back`];
    }
    if (found.status === "restored") return [...taken, `${id} has all of its money back`];
    const told = voucherReturned(order, id);
    return found.credited === told
      ? taken
      : [...taken, `${id} got ${found.credited} back, the order says ${told}`];
  });
}

function paymentFaults(
  { status, payment }: OrderState,
  found: Checked["payment"],
): { invariant: Invariant; detail: string; repair: string }[] {
  if (found === "not_asked" || found === "unknown" || status !== "placed") return [];
  const redrive = "redrive its message in queue orders";
  switch (found.kind) {
    case "captured": {
      const detail = `the processor has captured ${found.amount.amount}; the order does not say so`;
      return [{ invariant: "I8", detail, repair: redrive }];
    }
    case "approved": {
      const detail = `its authorization ${found.paymentId} was never captured`;
      return [{ invariant: "I7", detail, repair: redrive }];
    }
    case "voided":
    case "declined":
    case "none": {
      const detail = `it stands ${payment.status}, and the processor says ${found.kind}`;
      return [{ invariant: "I7", detail, repair: "cancel it: its money will not come" }];
    }
  }
}
