import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// Three kinds of test, told apart by their file names:
//   *.unit.test.ts  pure code and the local stand-ins, in Node
//   *.test.ts       routes, objects and consumers, in workerd, over real engines
//   *.e2e.test.ts   the whole shop as `npm start` runs it, driven over HTTP; those of `test/web`
//                   by a browser

export default defineConfig({
  test: {
    // Faults are injected on purpose: their log lines matter only where a test fails.
    silent: "passed-only",
    projects: [
      {
        test: {
          name: "unit",
          // Two at a time, whatever the machine: more would take the processor from the engines.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          include: ["test/**/*.unit.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: { bindings: inject("vars") },
            remoteBindings: false,
          })),
        ],
        test: {
          name: "workers",
          // One at a time: the files share the engines, and sweeps act on all that is due in them.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.unit.test.ts", "test/**/*.e2e.test.ts"],
          globalSetup: ["test/support/backends.setup.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/**/*.e2e.test.ts"],
          exclude: ["test/web/**"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // Each file stops engines or kills the runtime of a shop of its own: one at a time.
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "browser",
          include: ["test/web/**/*.e2e.test.ts"],
          globalSetup: ["test/support/browser.setup.ts"],
          testTimeout: 60_000,
          // The first of them waits until the shop has started and the browser is installed.
          hookTimeout: 290_000,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
