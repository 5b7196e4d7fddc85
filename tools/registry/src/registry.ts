// A registry on this machine (Verdaccio) to which our packages are published. It has no other: what does not begin with
// @lamina npm gets from wherever the machine is told to.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./command.ts";
import { published, root } from "./published.ts";

/** Emptied at every start; size-limit looks for the packages here. */
const folder = fileURLToPath(new URL("../.cache/registry/", import.meta.url));
const VERDACCIO = fileURLToPath(new URL("../node_modules/verdaccio/bin/verdaccio", import.meta.url));
/** Fashion-MNIST is 30 MB. */
const CONFIG = `
storage: ${folder}storage
uplinks: {}
packages:
  "@lamina/*": { access: $all, publish: $all }
max_body_size: 100mb
web: { enable: false }
log: { type: stdout, format: json, level: error }
`;

export interface Registry {
  /** What a project's .npmrc says to get our packages from here. */
  readonly npmrc: string;
  stop(): void;
}

/** The package as it lies in the registry. @param name of a package of ours */
export function tarballOf(name: string): Buffer {
  const { versions } = JSON.parse(readFileSync(`${folder}storage/${name}/package.json`, "utf8"));
  const [version] = Object.keys(versions);
  return readFileSync(`${folder}storage/${name}/${name.split("/")[1]}-${version}.tgz`);
}

export async function startRegistry(): Promise<Registry> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "config.yaml");
  writeFileSync(config, CONFIG);
  const address = `127.0.0.1:${await freePort()}`;
  const server = spawn(process.execPath, [VERDACCIO, "--config", config, "--listen", address], {
    env: { PATH: process.env.PATH, HOME: folder, NODE_NO_WARNINGS: "1" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const stop = () => void server.kill();
  try {
    await answer(`http://${address}/-/ping`, () => server.exitCode);
  } catch (error) {
    stop();
    throw error;
  }
  return { npmrc: `@lamina:registry=http://${address}/\n//${address}/:_authToken=nobody\n`, stop };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
async function answer(url: string, exitCode: () => number | null): Promise<void> {
  for (let i = 0; i < 600 && exitCode() === null; i++) {
    if (
      await fetch(url).then(
        (response) => response.ok,
        () => false,
      )
    )
      return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(
    `the registry does not answer at ${url} (${exitCode() === null ? "it runs" : `exit code ${exitCode()}`})`,
  );
}

/** Builds all packages and publishes them, as a release does. */
export async function publishAll({ npmrc }: Registry): Promise<void> {
  const userconfig = join(folder, "npmrc");
  writeFileSync(userconfig, npmrc);
  const folders = ["--filter=./packages/*", "--filter=./apps/*"];
  const registry = npmrc.match(/registry=(.*)/)![1];
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "-b", ...published.map(({ folder }) => folder)], root);
  await run(process.execPath, [join(root, "tools", "bundle", "src", "main.ts")], root);
  const publish = ["--recursive", ...folders, "publish", "--no-git-checks", "--registry", registry];
  await run("pnpm", publish, root, { npm_config_userconfig: userconfig, NPM_CONFIG_USERCONFIG: userconfig });
}
