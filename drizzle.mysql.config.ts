import { defineConfig } from "drizzle-kit";

/** Tables of every context, for MySQL. `npx drizzle-kit generate --config drizzle.mysql.config.ts --name <context>`. */
export default defineConfig({
  dialect: "mysql",
  schema: "./src/**/schema.ts",
  out: "./migrations/mysql",
});
