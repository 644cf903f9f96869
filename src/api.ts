import { Hono } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { addressRoutes } from "./account/address-routes.ts";
import { deviceRoutes } from "./account/devices/routes.ts";
import { meRoutes } from "./account/me-routes.ts";
import { cartRoutes, cartV1Routes } from "./cart/index.ts";
import { mediaRoutes } from "./catalog/media-routes.ts";
import { catalogOperationsRoutes } from "./catalog/operations-routes.ts";
import { catalogRoutes } from "./catalog/routes.ts";
import { catalogV1Routes } from "./catalog/v1-routes.ts";
import { checkoutRoutes, hearNews } from "./checkout/index.ts";
import { checkoutV1Routes } from "./checkout/v1-routes.ts";
import { listMessages } from "./comms/index.ts";
import { webhookRoutes } from "./comms/operations-routes.ts";
import { contentOperationsRoutes } from "./content/operations-routes.ts";
import { contentRoutes } from "./content/routes.ts";
import { accountRoutes } from "./identity/account-routes.ts";
import { emailRoutes } from "./identity/email-routes.ts";
import { factorRoutes } from "./identity/factors/routes.ts";
import { authenticate } from "./identity/index.ts";
import { jwksRoutes } from "./identity/jwks-routes.ts";
import { oidcRoutes } from "./identity/oidc/routes.ts";
import { accountOperationsRoutes } from "./identity/operations-routes.ts";
import { passkeyRoutes } from "./identity/passkeys/routes.ts";
import { passwordRoutes } from "./identity/password-routes.ts";
import { findSecondFactor } from "./identity/second-factor-of.ts";
import { sessionRoutes } from "./identity/session-routes.ts";
import { ownSessionRoutes } from "./identity/sessions/own-session-routes.ts";
import { stepUpRoutes } from "./identity/step-up/routes.ts";
import { inventoryOperationsRoutes, inventoryRoutes, receiveStock } from "./inventory/index.ts";
import { locationRoutes } from "./inventory/locations/operations-routes.ts";
import {
  auditRoutes,
  blockRoutes,
  flagRoutes,
  healthRoutes,
  purgeRoutes,
  queueRoutes,
  requireStaff,
  staffRoutes,
  whyRoutes,
} from "./operations/index.ts";
import { afterSaleRoutes } from "./orders/after-sale-routes.ts";
import { orderOperationsRoutes } from "./orders/operations-routes.ts";
import { orderRoutes } from "./orders/routes.ts";
import { orderV1Routes } from "./orders/v1-routes.ts";
import { paymentWebhookRoutes } from "./payments/webhooks/routes.ts";
import {
  crossOrigin,
  jsonOnly,
  knownVersion,
  limitBody,
  PIPELINE_HEADERS,
  pace,
  paceByMethod,
  penaltyBox,
  refuseBlocked,
  shedLoad,
  viewEdge,
  wrongToken,
} from "./platform/gate/index.ts";
import type { ApiEnv } from "./platform/http/context.ts";
import { documentation } from "./platform/http/documentation.ts";
import { identify, noStoreByDefault } from "./platform/http/pipeline.ts";
import { onError, Problem } from "./platform/http/problem.ts";
import { problemPages } from "./platform/http/problem-pages.ts";
import { webPages } from "./platform/http/web-pages.ts";
import { hotPage, pageKeyOf } from "./platform/pages/index.ts";
import { promotionOperationsRoutes } from "./promotions/operations-routes.ts";

const app = new Hono<ApiEnv>();

const wrongMethod = methodNotAllowed({
  app,
  onMethodNotAllowed: (c, allowed) =>
    onError(new Problem("method-not-allowed", { allowed }, { Allow: allowed.join(", ") }), c),
});

/** Each ends in a password's hash or in a mail. */
const ACCOUNT_WORK = ["register", "login", "password/*", "verify-email/resend"].map(
  (path) => `/api/v2/auth/${path}`,
);

/** Every route of the storefront. The type of this chain is what the RPC client reads. */
export const api = app
  // The gate, in the order in which it acts; src/platform/gate/README.md says why in this one.
  .use(identify, noStoreByDefault, viewEdge, refuseBlocked, crossOrigin, paceByMethod)
  .use("/api/*", knownVersion)
  .use(wrongMethod, limitBody)
  .use("/api/*", jsonOnly, authenticate)
  // Routes that do much: fewer of them, and none while what they need is over its mark.
  .use("/api/v2/validatecheckout", pace("expensive"), shedLoad("checkout"))
  .use("/api/v2/processorder", pace("expensive"), shedLoad("checkout"))
  .use("/api/v1/checkout/*", pace("expensive"), shedLoad("checkout"))
  .on("POST", ACCOUNT_WORK, pace("expensive"), shedLoad("accounts"))
  // What is counted by how it ends: tokens that open nothing.
  .on("GET", ["/api/:version/order/*", "/api/:version/orders/*"], penaltyBox(wrongToken))
  .on("GET", ["/api/:version/checkouts/*", "/api/v1/checkout/*"], penaltyBox(wrongToken))
  .on("GET", "/api/:version/cart", penaltyBox(wrongToken))
  .use("/ops/*", requireStaff)
  .use("/ops/v1/catalog/import", shedLoad("import"))
  // Not all of `/ops` takes JSON. These could do something without a word of it.
  .use("/ops/v1/orders/*", jsonOnly)
  .use("/ops/v1/queues/*", jsonOnly)
  .use("/ops/v1/staff-keys/*", jsonOnly)
  .use("/ops/v1/blocks/*", jsonOnly)
  .use("/ops/v1/flags/*", jsonOnly)
  .use("/ops/v1/users/*", jsonOnly)
  .route("/api/v2", healthRoutes)
  .route("/api/v2", catalogRoutes)
  .route("/api/v2", contentRoutes)
  .route("/api/v2", inventoryRoutes)
  .route("/api/v2", cartRoutes)
  .route("/api/v2", checkoutRoutes)
  .route("/api/v2", orderRoutes)
  .route("/api/v2", meRoutes)
  .route("/api/v2", addressRoutes)
  .route("/api/v2", deviceRoutes)
  .route("/api/v2", ownSessionRoutes)
  .route("/api/v2", emailRoutes)
  .route("/api/v2", accountRoutes)
  .route("/api/v2", sessionRoutes(findSecondFactor))
  .route("/api/v2", factorRoutes)
  .route("/api/v2", passkeyRoutes)
  .route("/api/v2", oidcRoutes)
  .route("/api/v2", stepUpRoutes)
  .route("/api/v2", passwordRoutes)
  .route("/api/v1", catalogV1Routes)
  .route("/api/v1", cartV1Routes)
  .route("/api/v1", checkoutV1Routes)
  .route("/api/v1", orderV1Routes)
  .route(
    "/ops/v1",
    // The catalogue is a leaf: what it needs of the inventory is handed to it here.
    catalogOperationsRoutes((c) => (items) => receiveStock(c.env, c.var.meter, items)),
  )
  .route("/ops/v1", contentOperationsRoutes)
  .route("/ops/v1", inventoryOperationsRoutes)
  .route("/ops/v1", locationRoutes)
  .route("/ops/v1", promotionOperationsRoutes)
  .route("/ops/v1", orderOperationsRoutes)
  .route("/ops/v1", afterSaleRoutes)
  .route("/ops/v1", webhookRoutes)
  .route(
    "/ops/v1",
    purgeRoutes((c, path) => pageKeyOf(app, c.env, c.var.io.config.PUBLIC_URL, path)),
  )
  .route("/ops/v1", accountOperationsRoutes)
  .route("/ops/v1", auditRoutes)
  .route("/ops/v1", blockRoutes)
  .route("/ops/v1", flagRoutes)
  .route("/ops/v1", queueRoutes)
  .route("/ops/v1", staffRoutes)
  // Comms stands beside operations: what was told is handed over here.
  .route("/ops/v1", whyRoutes(listMessages))
  .route(
    "/webhooks",
    // Payments are a leaf: whom news are for is known above them.
    paymentWebhookRoutes((c) => hearNews(c.var.io, c.env)),
  )
  .route("/", jwksRoutes)
  .route("/", mediaRoutes);

export type Api = typeof api;

api.route("/", webPages);
api.route("/", problemPages);
api.route("/", documentation(api));
api.onError(onError);
// Returned, not thrown: a thrown 404 means a resource that is not there, this one a path that is not.
api.notFound((c) => onError(new Problem("not-found"), c));

/** The storefront Worker: hot pages at once, everything else through the pipeline. */
export const storefront = (
  request: Request,
  env: Env,
  ctx: ExecutionContext,
): Response | Promise<Response> =>
  hotPage(request, env, ctx, { headers: PIPELINE_HEADERS }) ?? api.fetch(request, env, ctx);
