export { auditRoutes } from "./audit-routes.ts";
export { purgeRoutes } from "./purge-routes.ts";
export { queueRoutes } from "./queue-routes.ts";
export { healthRoutes } from "./routes.ts";
export { staffRoutes } from "./staff/routes.ts";
export { requireStaff } from "./staff-auth.ts";
export { whyRoutes } from "./why-routes.ts";
