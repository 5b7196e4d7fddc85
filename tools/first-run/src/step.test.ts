// One set-up step: its failure is explained, and what `npm start` says about this workspace does not reach it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { cleanEnvironment, step } from "./step.mjs";

test("settings of the user stay, those of the running script go", () => {
  const user = { PATH: "/bin", npm_config_registry: "https://mirror", npm_config_cache: "/c", HTTPS_PROXY: "http://p" };
  const script = {
    npm_config_local_prefix: "/repo",
    npm_config_json: "true",
    npm_lifecycle_event: "start",
    npm_package_name: "x",
  };
  expect(cleanEnvironment({ ...user, ...script })).toEqual(user);
});

describe("a step that fails", () => {
  const root = mkdtempSync(join(tmpdir(), "lamina-step-"));
  const place = { root, cache: root, log: join(root, "first-run.log") };
  const failing = (script: string) => step(place, "Getting pnpm", process.execPath, ["-e", script]);
  afterAll(() => rmSync(root, { recursive: true }));

  test("is explained, and its output is kept", async () => {
    await expect(failing("console.error('getaddrinfo EAI_AGAIN'); process.exit(1)")).rejects.toThrow(
      "Getting pnpm failed: the npm registry could not be reached.",
    );
    expect(readFileSync(place.log, "utf8")).toContain("getaddrinfo EAI_AGAIN");
  });

  test("passes on the exit code of a signal", async () => {
    const error = await failing("process.kill(process.pid, 'SIGINT')").catch((error: unknown) => error);
    expect(error).toMatchObject({ exitCode: 130, message: expect.stringContaining("run the same command again") });
  });

  test("is not a step that works", async () => {
    await expect(failing("process.exit(0)")).resolves.toBeUndefined();
  });
});
