export { CheckoutObject } from "./object.ts";
export { checkoutRoutes } from "./routes.ts";
export { type CheckoutBindings, checkoutStub } from "./stub.ts";
