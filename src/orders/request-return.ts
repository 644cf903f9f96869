import type { Io } from "../platform/io/io.ts";
import type { LineId, OrderId } from "../shared/ids.ts";
import { err, ok, type Result } from "../shared/result.ts";
import { changeOrder } from "./change-order.ts";
import type { Actor, EventData, OrderRefusal } from "./model.ts";
import { returnIdFor } from "./order-id.ts";
import { mayFollow, type OrderState } from "./state.ts";

type ReturnLines = EventData<"return.requested.v1">["lines"];

export type RequestReturn = {
  orderId: OrderId;
  actor: Actor;
  lines: ReturnLines;
  reason: string;
  /** Names the request: its repeat is the same return. */
  request: string;
};

/** A bound on one order's stream. */
const RETURNS_MAX = 50;

/** Records that a shopper wants to send goods back. Receiving them, restocking and refunding come after. */
export async function requestReturn(
  io: Pick<Io, "sql" | "clock" | "trace">,
  { orderId, actor, lines, reason, request }: RequestReturn,
): Promise<Result<{ returnId: string }, OrderRefusal>> {
  const returnId = await returnIdFor(orderId, request);
  const changed = await changeOrder(io, {
    orderId,
    actor,
    decide: (state) => {
      if (state.returns.some((earlier) => earlier.returnId === returnId)) return ok([]);
      const refusal = refuseReturn(state, lines);
      return refusal
        ? err(refusal)
        : ok([{ type: "return.requested.v1", data: { returnId, lines, reason } }]);
    },
  });
  return changed.ok ? ok({ returnId }) : changed;
}

/** Why these lines may not be returned; `undefined` when they may. A line named twice counts twice. */
export function refuseReturn(state: OrderState, lines: ReturnLines): OrderRefusal | undefined {
  if (!mayFollow(state, "return.requested.v1")) {
    return { code: "order_conflict", status: state.status };
  }
  if (state.returns.length >= RETURNS_MAX) return { code: "returns_limit", max: RETURNS_MAX };
  const returned = quantities(state.returns.flatMap((earlier) => earlier.lines));
  for (const [lineId, quantity] of quantities(lines)) {
    const bought = state.placed.lines.find((line) => line.id === lineId)?.quantity;
    if (bought === undefined) return { code: "line_unknown", lineId };
    const returnable = bought - (returned.get(lineId) ?? 0);
    if (quantity > returnable) return { code: "quantity_exceeded", lineId, returnable };
  }
  return undefined;
}

function quantities(lines: ReturnLines): Map<LineId, number> {
  const sums = new Map<LineId, number>();
  for (const { lineId, quantity } of lines) {
    sums.set(lineId, (sums.get(lineId) ?? 0) + quantity);
  }
  return sums;
}
