// An empty project of a user's, in a temporary folder where nothing of this repository can be found, and what is done there.
import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./command.ts";
import type { Registry } from "./registry.ts";

/** What the users of these tests have written. */
const FILES = fileURLToPath(new URL("../files/", import.meta.url));

export interface Project {
  readonly folder: string;
  /** `npm install NAME…`; no script of a package is run. */
  install(...names: string[]): Promise<void>;
  /** Which packages of ours are installed. */
  ours(): string[];
  /** Puts a file of `files/` there. */
  write(...files: string[]): void;
}

const base = realpathSync(mkdtempSync(join(tmpdir(), "lamina-registry-")));
export const removeProjects = (): void => rmSync(base, { recursive: true, force: true });

export function makeProject(name: string, { npmrc }: Registry): Project {
  const folder = join(base, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  writeFileSync(join(folder, ".npmrc"), npmrc);
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  return {
    folder,
    install: async (...names) => void (await run("npm", ["install", ...quiet, ...names], folder)),
    ours: () => readdirSync(join(folder, "node_modules", "@lamina")).sort(),
    write: (...files) => files.forEach((file) => cpSync(join(FILES, file), join(folder, file))),
  };
}
