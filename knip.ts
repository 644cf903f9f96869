import type { KnipConfig } from "knip";

export default {
  entry: [
    "workers/*/index.ts",
    "local/*.{ts,mjs}",
    "bench/*.ts",
    "bench/peers/*.js",
    "samples/**/*.{ts,mjs}",
    "test/**/*.test.ts",
    "test/**/*.setup.ts",
    "test/**/*.types.ts",
    "test/faults/prove.ts",
    "test/faults/blackbox/workers/{storefront,orders,refunds,comms}.ts",
    "test/web/front-end/*.js",
    "web/**/*.js",
    "drizzle.*.config.ts",
  ],
  project: ["{src,workers,local,test,bench,samples,web}/**/*.{ts,mjs,js}", "*.ts"],
  // A type that stands in an exported signature is exported too, so that callers can name it.
  ignoreExportsUsedInFile: { type: true, interface: true },
  ignoreDependencies: [
    "@hono/standard-validator", // hono-openapi asks for it as a peer
    // Run or read by their path in node_modules, which no import shows.
    "@biomejs/biome",
    "node",
    "swagger-ui-dist",
    "wrangler",
  ],
  // Of the engines, which apt installs.
  ignoreBinaries: ["redis-cli"],
} satisfies KnipConfig;
