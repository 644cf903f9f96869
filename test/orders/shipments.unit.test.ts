import { describe, it } from "vitest";
import type { OrderEventBody, PlannedShipment } from "../../src/orders/model.ts";
import { orderView } from "../../src/orders/order-view.ts";
import { foldOrder } from "../../src/orders/state.ts";
import { LineId } from "../../src/shared/ids.ts";
import { money } from "../../src/shared/money.ts";
import {
  cancelled,
  captured,
  refundFailed,
  refundRequested,
  shipped,
  stream,
} from "./placed-order.ts";

const line = (quantity: number, at = 1) => ({ lineId: LineId.parse(`lin_${at}`), quantity });

const planned = (
  id: string,
  location: string,
  lines: PlannedShipment["lines"],
): PlannedShipment => ({
  id,
  location: { code: location, name: location },
  lines,
  shipping: money(250, "USD"),
});

/** Three units of the first line and one of the second, from two places. */
const SHIPMENTS = [
  planned("shp_1", "east", [line(2), line(1, 2)]),
  planned("shp_2", "west", [line(1)]),
];

const parcel = (of: string, id: string, lines: PlannedShipment["lines"]): OrderEventBody => {
  const { type, data } = shipped("lin_1", 1, id);
  return { type, data: { ...data, of, lines } };
};

function folded(bodies: readonly OrderEventBody[], shipments: PlannedShipment[] = SHIPMENTS) {
  const events = stream([captured(4_500), ...bodies], { quantities: [3, 1] });
  const [first, ...rest] = events;
  if (first?.type !== "order.placed.v1") throw new Error("an order begins with its sale");
  return foldOrder([{ ...first, data: { ...first.data, shipments } }, ...rest])!;
}

const statuses = (bodies: readonly OrderEventBody[]) =>
  orderView(folded(bodies)).shipments.map(({ status }) => status);

describe("the shipments of an order", () => {
  it("are each pending, on their way in part, and sent; the order is fulfilled by the last", ({
    expect,
  }) => {
    expect(statuses([])).toEqual(["pending", "pending"]);
    const some = [parcel("shp_1", "p1", [line(1)])];
    expect(statuses(some)).toEqual(["partly_shipped", "pending"]);
    const most = [...some, parcel("shp_1", "p2", [line(1), line(1, 2)])];
    expect(statuses(most)).toEqual(["shipped", "pending"]);
    expect(folded(most).status).toBe("paid");
    const all = [...most, parcel("shp_2", "p3", [line(1)])];
    expect(statuses(all)).toEqual(["shipped", "shipped"]);
    expect(folded(all).status).toBe("fulfilled");
    const [east, west] = orderView(folded(all)).shipments;
    expect(east?.parcels.map(({ id }) => id)).toEqual(["p1", "p2"]);
    expect(west).toMatchObject({ location: { code: "west" }, parcels: [{ id: "p3" }] });
  });

  it("send no unit that another of them sends", ({ expect }) => {
    expect(() => folded([parcel("shp_2", "p1", [line(2)])])).toThrow("more than was bought");
    expect(() => folded([parcel("shp_2", "p1", [line(1, 2)])])).toThrow("more than was bought");
    expect(() => folded([parcel("shp_9", "p1", [line(1)])])).toThrow("no shipment");
  });

  it("give up units that are paid back unsent, the last shipment first, until that fails", ({
    expect,
  }) => {
    const two = refundRequested(2_000, "ref_1", [line(2)]);
    expect(statuses([two])).toEqual(["pending", "cancelled"]);
    expect(() => folded([two, parcel("shp_1", "p1", [line(2)])])).toThrow("more than was bought");
    const rest = parcel("shp_1", "p1", [line(1), line(1, 2)]);
    expect(folded([two, rest]).status).toBe("fulfilled");
    expect(statuses([two, refundFailed()])).toEqual(["pending", "pending"]);
    const sent = parcel("shp_2", "p1", [line(1)]);
    expect(statuses([sent, two])).toEqual(["pending", "shipped"]);
  });

  it("are cancelled with the order", ({ expect }) => {
    expect(statuses([cancelled()])).toEqual(["cancelled", "cancelled"]);
  });

  it("are one where the sale named none", ({ expect }) => {
    const { shipments } = orderView(folded([shipped("lin_1", 3, "p1")], []));
    expect(shipments).toMatchObject([
      { id: "shp_1", location: null, status: "partly_shipped", shipping: { amount: 500 } },
    ]);
  });
});
