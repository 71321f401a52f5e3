import { defineConfig } from "vitest/config";

// nothing here is timed; the machine may be busy
export default defineConfig({ test: { include: ["tests/**/*.test.ts"], environment: "node", testTimeout: 60_000 } });
