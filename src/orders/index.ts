export { cancelOrder } from "./cancel-order.ts";
export { capturePayment } from "./capture-payment.ts";
export { claimOrders } from "./claim-orders.ts";
export { eraseOrder } from "./erase-order.ts";
export { ERASED_EMAIL } from "./erased-event.ts";
export { OrderMessage, type OrderQueues } from "./events.ts";
export { executeRefunds } from "./execute-refunds.ts";
export { findOrder, getOrder, type OrderMoment, orderAt } from "./get-order.ts";
export { listOrders, listPlaces } from "./list-orders.ts";
export { listUnsettled } from "./list-unsettled.ts";
export * from "./model.ts";
export { eventIdFor, orderIdFor } from "./order-id.ts";
export { orderNumber } from "./order-number.ts";
export type { OrderPlace } from "./order-page.ts";
export { opensOrder, orderToken } from "./order-token.ts";
export { orderView } from "./order-view.ts";
export { placeOrder } from "./place-order.ts";
export { publicEvent, StaffOrderEventView, staffEvent } from "./public-event.ts";
export { publishOrderEvents, publishOrLeave } from "./publish-events.ts";
export {
  listOrderIds,
  type OrderEvidence,
  readEvidence,
  type StoredEvent,
} from "./read-evidence.ts";
export { refundCancelled } from "./refund-cancelled.ts";
export type { OrderState } from "./state.ts";
export { sweepOutbox } from "./sweep-outbox.ts";
export { voucherReturned } from "./voucher-share.ts";
