import { timestamp } from "../shared/clock.ts";
import { money } from "../shared/money.ts";
import type { OrderView } from "./model.ts";
import { plannedShipments, shipmentStatus } from "./shipments.ts";
import type { OrderState } from "./state.ts";
import { voucherReturned } from "./voucher-share.ts";

/** The public order of API.md. */
export function orderView(state: OrderState): OrderView {
  const { placed, payment } = state;
  const { currency } = placed.totals.total;
  return {
    id: state.id,
    number: placed.number,
    status: state.status,
    email: placed.email,
    lines: placed.lines,
    totals: placed.totals,
    promotions: placed.promotions ?? [],
    vouchers: (placed.vouchers ?? []).map((voucher) => ({
      ...voucher,
      // A cancellation gives all of it back at once.
      returned:
        state.status === "cancelled"
          ? voucher.amount
          : money(voucherReturned(state, voucher.id), currency),
    })),
    shippingAddress: placed.shippingAddress,
    shippingMethod: placed.shippingMethod,
    payment: {
      status: payment.status,
      processor: placed.payment.processor,
      captured: money(payment.captured, currency),
      refunded: money(payment.refunded, currency),
    },
    shipments: plannedShipments(state).map((shipment) => ({
      ...shipment,
      status: shipmentStatus(state, shipment),
      parcels: state.parcels.filter(({ of }) => of === shipment.id).map(parcelView),
    })),
    returns: state.returns.map(({ returnId, status, lines, received, reason }) => ({
      id: returnId,
      status,
      lines,
      received: [...received],
      reason,
    })),
    refunds: state.refunds.map(({ refundId, status, amount, vouchers = [], lines, returnId }) => ({
      id: refundId,
      status,
      amount,
      vouchers,
      lines,
      ...(returnId === undefined ? {} : { returnId }),
    })),
    createdAt: timestamp(state.placedAtMs),
    version: state.version,
  };
}

const parcelView = ({
  shipmentId,
  of: _,
  shippedAtMs,
  ...parcel
}: OrderState["parcels"][number]) => ({
  id: shipmentId,
  ...parcel,
  shippedAt: timestamp(shippedAtMs),
});
