// Every failure a newcomer can meet while setting up is told with what to do about it.
import { describe, expect, test } from "vitest";
import { explain, SetupError } from "./explain.mjs";

const told = (output: string) => explain({ step: "Getting pnpm", output, root: "/home/ada/lamina", log: "/l.log" });

describe("explain", () => {
  test.each([
    ["spawn npm ENOENT", "npm was not found"],
    ["npm error code ENOSPC\nnpm error nospc no space left on device", "the disk is full. Free about 1 GB"],
    ["npm error code EACCES\nnpm error syscall mkdir", "write permission on /home/ada/lamina"],
    ["EROFS: read-only file system, mkdir '/x'", "write permission on /home/ada/lamina"],
    ["npm error code EAI_AGAIN\nnpm error request to https://… failed", "the npm registry could not be reached"],
    ["npm error network request failed, reason: connect ECONNREFUSED", "Only the first run needs the network"],
    [
      '[ERR_PNPM_OUTDATED_LOCKFILE] Cannot install with "frozen-lockfile"',
      "pnpm-lock.yaml does not fit the package.json files",
    ],
    ["npm error code ETARGET\nnpm error notarget No matching version", "a mirror may be incomplete"],
    ["npm error code SELF_SIGNED_CERT_IN_CHAIN", "NODE_EXTRA_CA_CERTS"],
    ["ERR_PNPM_TARBALL_INTEGRITY Got unexpected checksum", "do not trust this registry"],
  ])("%s", (output, advice) => {
    expect(told(output)).toContain(advice);
    expect(told(output)).toMatch(/^Getting pnpm failed: [\s\S]*its full output is in \/l\.log$/);
  });

  test("a full disk is named first, whatever else the output complains of", () => {
    expect(told("network aborted\nwrite EACCES\nENOSPC: no space left on device")).toContain("the disk is full");
  });

  test("a command line that pnpm echoes is not a cause", () => {
    expect(told("Usage: pnpm install --frozen-lockfile")).toContain("it printed:\nUsage");
  });

  test("an unknown failure shows its last lines", () => {
    expect(told("one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n")).toContain("it printed:\ntwo\nthree");
  });

  test("a SetupError carries the exit code", () => {
    expect(new SetupError("stopped", 130).exitCode).toBe(130);
    expect(new SetupError("failed").exitCode).toBe(1);
  });
});
