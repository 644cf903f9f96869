export { healthRoutes } from "./routes.ts";
export { requireStaff } from "./staff-auth.ts";
