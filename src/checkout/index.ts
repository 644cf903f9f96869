export { hearNews, type NewsEnv, settleOrder } from "./hear-news.ts";
export { CheckoutObject } from "./object.ts";
export { checkoutRoutes } from "./routes.ts";
