export { CheckoutObject } from "./object.ts";
export { checkoutRoutes } from "./routes.ts";
