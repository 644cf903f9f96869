import type { Io } from "../platform/io/io.ts";
import type { OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { Actor, EventData, LineUnits, OrderRefusal } from "./model.ts";
import { shipmentIdFor } from "./order-id.ts";
import type { OrderState } from "./state.ts";
import { mayFollow } from "./transitions.ts";
import { exceeding, sumUnits, unitsIn, unitsToShip } from "./units.ts";

export type ShipOrder = {
  orderId: OrderId;
  actor: Actor;
  /** All that is left when it is not said. */
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
  { orderId, actor, lines, parcel, request }: ShipOrder,
): Promise<Result<OrderState, OrderRefusal>> {
  const shipmentId = await shipmentIdFor(orderId, request);
  return changeOrder<OrderRefusal>(io, {
    orderId,
    actor,
    decide: (state) => {
      if (state.shipments.some((earlier) => earlier.shipmentId === shipmentId)) return ok([]);
      if (!mayFollow(state, "order.shipped.v1")) {
        return err({ code: "order_conflict", status: state.status });
      }
      if (state.shipments.length >= SHIPMENTS_MAX) {
        return err({ code: "limit_reached", of: "shipments", max: SHIPMENTS_MAX });
      }
      const left = unitsToShip(state);
      const units = lines === undefined ? unitsIn(left) : unitsIn(sumUnits(lines));
      if (units.length === 0) return err({ code: "nothing_left" });
      const refusal = exceeding(left, units);
      if (refusal) return err(refusal);
      return ok([{ type: "order.shipped.v1", data: { shipmentId, lines: units, ...parcel } }]);
    },
  });
}
