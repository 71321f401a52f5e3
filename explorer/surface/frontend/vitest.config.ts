import { defineConfig } from "vitest/config";

// nothing here is timed: the machine may be busy. No test leaves anything behind in a module, so that one worker a core is enough: half the time
export default defineConfig({
  test: { include: ["tests/**/*.test.ts"], environment: "node", testTimeout: 60_000, pool: "threads", isolate: false },
});
