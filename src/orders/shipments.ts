import type { LineId } from "../shared/ids.ts";
import type { LineUnits, PlannedShipment } from "./model.ts";
import type { OrderState } from "./state.ts";
import { sumUnits, unitsIn } from "./units.ts";

type Placed = Pick<OrderState, "placed">;
type Sent = Placed & Pick<OrderState, "parcels" | "refunds">;

/** The name of the one shipment of an order that was sold without saying what is sent together. */
export const FIRST_SHIPMENT = "shp_1";

/** What the sale said would be sent together: all in one where it said nothing. */
export function plannedShipments({ placed }: Placed): readonly PlannedShipment[] {
  const { shipments = [], lines, totals } = placed;
  if (shipments.length > 0) return shipments;
  const units = lines.map(({ id, quantity }) => ({ lineId: id, quantity }));
  return [{ id: FIRST_SHIPMENT, location: null, lines: units, shipping: totals.shipping }];
}

/** Units of one shipment that the shop still has to send: neither sent nor paid back before they were. */
export function unitsLeftOf(state: Sent, { id, lines }: PlannedShipment): Map<LineId, number> {
  const sent = state.parcels.filter(({ of }) => of === id).flatMap((parcel) => parcel.lines);
  const dropped = state.refunds
    .filter(({ status }) => status !== "failed")
    .flatMap((refund) => refund.dropped)
    .filter(({ of }) => of === id);
  const gone = sumUnits([...sent, ...dropped]);
  return new Map(lines.map(({ lineId, quantity }) => [lineId, quantity - (gone.get(lineId) ?? 0)]));
}

/**
 * Which of the units that are not sent yet need not be, once these are paid back. The last shipment
 * gives them up first: an earlier one is more likely on its way.
 */
export function unitsDropped(
  state: Sent,
  lines: readonly LineUnits[],
): (LineUnits & { of: string })[] {
  const wanted = sumUnits(lines);
  return plannedShipments(state)
    .toReversed()
    .flatMap((shipment) => {
      const left = unitsLeftOf(state, shipment);
      return shipment.lines.flatMap(({ lineId }) => {
        const quantity = Math.min(wanted.get(lineId) ?? 0, left.get(lineId) ?? 0);
        if (quantity <= 0) return [];
        wanted.set(lineId, (wanted.get(lineId) ?? 0) - quantity);
        return [{ lineId, quantity, of: shipment.id }];
      });
    });
}

/** How far a shipment is on its way. */
export function shipmentStatus(
  state: Sent & Pick<OrderState, "status">,
  shipment: PlannedShipment,
): "pending" | "partly_shipped" | "shipped" | "cancelled" {
  if (state.status === "cancelled") return "cancelled";
  const isSent = state.parcels.some(({ of }) => of === shipment.id);
  const isDone = unitsIn(unitsLeftOf(state, shipment)).length === 0;
  if (isDone) return isSent ? "shipped" : "cancelled";
  return isSent ? "partly_shipped" : "pending";
}
