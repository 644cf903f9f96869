import type { LineId } from "../shared/ids.ts";
import type { LineUnits } from "./model.ts";
import type { OrderState } from "./state.ts";

/** Units by line; a line named twice counts twice. */
export function sumUnits(units: readonly LineUnits[]): Map<LineId, number> {
  const sums = new Map<LineId, number>();
  for (const { lineId, quantity } of units) {
    sums.set(lineId, (sums.get(lineId) ?? 0) + quantity);
  }
  return sums;
}

type Placed = Pick<OrderState, "placed">;

/** What is left of each bought line once these units are taken away, lines with nothing left too. */
function unitsLeft({ placed }: Placed, taken: readonly LineUnits[]): Map<LineId, number> {
  const gone = sumUnits(taken);
  return new Map(placed.lines.map(({ id, quantity }) => [id, quantity - (gone.get(id) ?? 0)]));
}

/** Units that the shop still has to send: neither shipped nor paid back before they were. */
export function unitsToShip(
  state: Placed & Pick<OrderState, "parcels" | "refunds">,
): Map<LineId, number> {
  const dropped = state.refunds
    .filter(({ status }) => status !== "failed")
    .flatMap((refund) => refund.dropped);
  return unitsLeft(state, [...state.parcels.flatMap(({ lines }) => lines), ...dropped]);
}

/** Units of which no return is under way or done. */
export function unitsToReturn(state: Placed & Pick<OrderState, "returns">): Map<LineId, number> {
  const returned = state.returns.flatMap(({ status, lines, received }) =>
    status === "refused" ? [] : status === "received" ? received : lines,
  );
  return unitsLeft(state, returned);
}

/** Units that no refund by lines has paid back, or is about to. */
export function unitsToRefund(state: Placed & Pick<OrderState, "refunds">): Map<LineId, number> {
  const refunds = state.refunds.filter(({ status }) => status !== "failed");
  return unitsLeft(
    state,
    refunds.flatMap(({ lines }) => lines),
  );
}

/** Whether these units are all there is to take of; else the first line that they exceed. */
export function exceeding(
  left: ReadonlyMap<LineId, number>,
  wanted: readonly LineUnits[],
):
  | { code: "line_unknown"; lineId: LineId }
  | { code: "quantity_exceeded"; lineId: LineId; left: number }
  | undefined {
  for (const [lineId, quantity] of sumUnits(wanted)) {
    const there = left.get(lineId);
    if (there === undefined) return { code: "line_unknown", lineId };
    if (quantity > there) return { code: "quantity_exceeded", lineId, left: there };
  }
  return undefined;
}

/** The lines of which something is left. */
export const unitsIn = (left: ReadonlyMap<LineId, number>): LineUnits[] =>
  [...left].flatMap(([lineId, quantity]) => (quantity > 0 ? [{ lineId, quantity }] : []));
