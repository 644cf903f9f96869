export { hearNews, type NewsEnv, settleOrder } from "./hear-news.ts";
export { CheckoutObject } from "./object.ts";
export { type JournalEntry, readJournal } from "./read-journal.ts";
export { checkoutRoutes } from "./routes.ts";
export type { CheckoutBindings } from "./stub.ts";
