export { cartForCheckout, clearBought, replaceCheckout } from "./checkout-cart.ts";
export { eraseCart, exportCart } from "./erase-cart.ts";
export { CART_ABANDONED, CartAbandoned } from "./events.ts";
export { type CartOwner, type CheckoutCart, ownerName } from "./model.ts";
export { CartObject } from "./object.ts";
export { ownerFromRequest, ownersFromRequest } from "./owner.ts";
export { cartRoutes } from "./routes.ts";
export type { CartBinding, CartEnv } from "./stub.ts";
export { cartV1Routes } from "./v1-routes.ts";
