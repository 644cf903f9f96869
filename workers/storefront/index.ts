import { storefront } from "../../src/api.ts";

export { CartObject } from "../../src/cart/index.ts";
export { PriceClockObject } from "../../src/catalog/index.ts";
export { CheckoutObject } from "../../src/checkout/index.ts";
export { SkuStockObject, StockShardObject } from "../../src/inventory/index.ts";
export { BreakerObject } from "../../src/payments/object.ts";
export { EdgeFeedObject } from "../../src/platform/edge/index.ts";
export { IdempotencyObject } from "../../src/platform/http/idempotency.ts";
export { LimiterObject } from "../../src/platform/limits/index.ts";
export { CouponObject } from "../../src/promotions/coupon-object.ts";
export { VoucherObject } from "../../src/promotions/voucher-object.ts";

export default { fetch: storefront } satisfies ExportedHandler<Env>;
