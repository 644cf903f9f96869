export { listPaymentAlerts, raiseAlert } from "./alerts.ts";
export { type BreakerCopies, openBreakers } from "./breakers.ts";
export { forgetEvents } from "./forget-events.ts";
export { type HeardNews, type HearNews, sweepEvents } from "./handle-event.ts";
export * from "./model.ts";
export type { PaymentNews } from "./news.ts";
export {
  closeOpenPayment,
  listOpenPayments,
  noteOpenPayment,
  type OpenPayment,
  postponeOpenPayment,
} from "./open-payments.ts";
export { openProcessors, type Processors } from "./open-processors.ts";
export { type BreakerBinding, breakerStub } from "./stub.ts";
