import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { Actor, EventData, LineUnits, OrderRefusal, PlannedShipment } from "./model.ts";
import { shipmentIdFor } from "./order-id.ts";
import { plannedShipments, unitsLeftOf } from "./shipments.ts";
import type { OrderState } from "./state.ts";
import { mayFollow } from "./transitions.ts";
import { exceeding, sumUnits, unitsIn } from "./units.ts";

export type ShipOrder = {
  orderId: OrderId;
  actor: Actor;
  /** Which of the order's shipments; needless where only one is left to send. */
  of?: string | undefined;
  /** All that is left of it when it is not said. */
  lines?: readonly LineUnits[] | undefined;
  parcel: Pick<EventData<"order.shipped.v1">, "carrier" | "tracking" | "trackingUrl">;
  /** Names the request: its repeat is the same shipment. */
  request: string;
};

/** A bound on one order's stream. */
const SHIPMENTS_MAX = 100;

/** Records that goods left, all of them or some. The last of them makes the order fulfilled. */
export async function shipOrder(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, actor, of, lines, parcel, request }: ShipOrder,
): Promise<Result<OrderState, OrderRefusal>> {
  const shipmentId = await shipmentIdFor(orderId, request);
  return changeOrder<OrderRefusal>(io, {
    orderId,
    actor,
    decide: (state) => {
      if (state.parcels.some((earlier) => earlier.shipmentId === shipmentId)) return ok([]);
      if (!mayFollow(state, "order.shipped.v1")) {
        return err({ code: "order_conflict", status: state.status });
      }
      if (state.parcels.length >= SHIPMENTS_MAX) {
        return err({ code: "limit_reached", of: "shipments", max: SHIPMENTS_MAX });
      }
      const shipment = shipmentToSend(state, of);
      if (!shipment.ok) return shipment;
      const left = unitsLeftOf(state, shipment.value);
      const units = lines === undefined ? unitsIn(left) : unitsIn(sumUnits(lines));
      if (units.length === 0) return err({ code: "nothing_left" });
      const refusal = exceeding(left, units);
      if (refusal) return err(refusal);
      const data = { shipmentId, of: shipment.value.id, lines: units, ...parcel };
      return ok([{ type: "order.shipped.v1", data }]);
    },
  });
}

/** The shipment that was named, or the only one of which something is left. */
function shipmentToSend(
  state: OrderState,
  of: string | undefined,
): Result<PlannedShipment, OrderRefusal> {
  const planned = plannedShipments(state);
  if (of !== undefined) {
    const named = planned.find(({ id }) => id === of);
    return named ? ok(named) : err({ code: "shipment_unknown" });
  }
  const open = planned.filter((each) => unitsIn(unitsLeftOf(state, each)).length > 0);
  const [first = planned[0]] = open;
  if (open.length > 1) return err({ code: "shipment_unnamed", open: open.map(({ id }) => id) });
  return first ? ok(first) : err({ code: "nothing_left" });
}
