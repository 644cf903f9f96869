import { defineConfig } from "drizzle-kit";

/** Documents of every context, for Neon. `npx drizzle-kit generate --config drizzle.postgres.config.ts --name <context>`. */
export default defineConfig({
  dialect: "postgresql",
  schema: "./src/*/documents.ts",
  out: "./migrations/postgres",
});
