// One Vitest project for each workspace package, named after its folder; packages resolve to their TypeScript sources.
import { readdirSync } from "node:fs";
import { defineConfig } from "vitest/config";
import { nativeEnv } from "./tools/first-run/src/natives/index.mjs";

const conditions = ["source", "module", "node", "development|production"];

const folders = ["packages", "apps", "tools", "examples"].flatMap((group) =>
  readdirSync(new URL(group, import.meta.url), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${group}/${entry.name}`),
);

export default defineConfig({
  test: {
    // Two cores is what a small machine has; a kernel test that is slow there is slow for everyone.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Node, too, must pick sources for whatever Vite leaves to it, and for child processes.
    execArgv: ["--conditions=source"],
    // Where the browser and the drivers are that tests need, or why they are absent; .ci/run and npm test install them.
    env: nativeEnv(),
    projects: folders.map((root) => ({
      extends: true as const,
      root,
      resolve: { conditions },
      ssr: { resolve: { conditions } },
      test: {
        name: root.slice(root.indexOf("/") + 1),
        include: ["src/**/*.test.ts", "*.test.js"],
        environment: "node",
      },
    })),
  },
});
