// Gets what a peer needs, at pinned versions, into the user's cache folder: nobody who does not run the bench has to have it.
import { type ExecFileOptions, execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { isSetUp, setUpTfjsNode } from "@lamina/backend-tfjs-node";
import type { Peer, Source } from "./contenders/contender.ts";
import { MODULES } from "./run/task.ts";
import { lastWords } from "./run/timing.ts";

const execute = promisify(execFile);
/** @throws with the last words of the program. */
async function run(program: string, args: readonly string[], options: ExecFileOptions = {}): Promise<string> {
  try {
    const { stdout } = await execute(program, args, { ...options, encoding: "utf8", maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "", message } = error as { stdout?: string; stderr?: string; message: string };
    throw new Error(lastWords(stderr) ?? lastWords(stdout) ?? message, { cause: error });
  }
}
const root = fileURLToPath(new URL("../../../", import.meta.url));
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "lamina", "bench");

export interface Installed {
  /** Of npm packages. */
  readonly folder?: string;
  /** A Python that can import them. */
  readonly python?: string;
  /** On disk, with all that comes along. */
  readonly bytes: number;
}

/** @throws if it cannot be had here, saying why. */
export function install({ name, source }: Peer, say: (line: string) => void): Promise<Installed> {
  switch (source.kind) {
    case "workspace":
      return workspace(source.packages);
    case "npm":
      return npm(join(cache, name), source.packages, say);
    case "tfjs-node":
      return tfjsNode(say);
    case "python":
      return python(join(cache, name), source.packages, say);
  }
}

/** What users of our packages install: their built files. */
async function workspace(packages: readonly string[]): Promise<Installed> {
  const counts = packages.map((name) =>
    bytesIn(join(root, "packages", name, "dist"), (file) => !file.endsWith(".tsbuildinfo")),
  );
  return { bytes: counts.reduce((a, b) => a + b) };
}
/** Contenders run as users run programs, built, so that nobody's start pays for types that are stripped. */
export async function build(): Promise<void> {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "-b", join(root, "tools", "bench")]);
  await run(process.execPath, [join(root, "tools", "bundle", "src", "main.ts")]);
}

type Packages = Extract<Source, { kind: "npm" }>["packages"];
const specs = (packages: Packages, at: string): string[] =>
  Object.entries(packages).map(([name, version]) => `${name}${at}${version}`);

async function npm(folder: string, packages: Packages, say: (line: string) => void): Promise<Installed> {
  const names = Object.keys(packages);
  const wanted = [
    ...names.map((name, i) => `import * as m${i} from "${name}";`),
    `export const modules = [${names.map((_, i) => `m${i}`)}];`,
    `// ${specs(packages, " ")}\n`,
  ].join("\n");
  const file = join(folder, MODULES);
  if (!existsSync(file) || readFileSync(file, "utf8") !== wanted) {
    say(`installing ${specs(packages, " ").join(", ")}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
    const quiet = ["--no-audit", "--no-fund", "--loglevel=error", "--ignore-scripts"];
    await run("npm", ["install", ...quiet, ...specs(packages, "@")], { cwd: folder, env: outsideNpm() });
    writeFileSync(file, wanted); // last: a folder that has it is whole
  }
  return { folder, bytes: bytesIn(join(folder, "node_modules")) };
}
/** Without what `npm run` says about this workspace: an inner npm would take it for itself. */
const outsideNpm = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith("npm_")));

async function tfjsNode(say: (line: string) => void): Promise<Installed> {
  if (!(await isSetUp())) say("building @tensorflow/tfjs-node");
  const folder = await setUpTfjsNode();
  return { bytes: bytesIn(join(folder, "node_modules")) };
}

/** The Python of LAMINA_PYTHON, or an environment of our own. */
async function python(folder: string, packages: Packages, say: (line: string) => void): Promise<Installed> {
  const python = process.env.LAMINA_PYTHON ?? join(folder, "bin", "python");
  const stamp = join(folder, "ready");
  const wanted = specs(packages, "==");
  if (!process.env.LAMINA_PYTHON && (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted.join("\n"))) {
    say(`installing ${wanted.join(", ")} (5.5 GB, minutes; or set LAMINA_PYTHON to a Python that has them)`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true });
    await run("python3", ["-m", "venv", folder]);
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...wanted]);
    writeFileSync(stamp, wanted.join("\n"));
  }
  const [module] = Object.keys(packages);
  const folderOf = await run(python, ["-c", `import ${module}; print(${module}.__path__[0])`]);
  return { python, bytes: bytesIn(dirname(folderOf.trim())) };
}

function bytesIn(folder: string, counts: (file: string) => boolean = () => true): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && counts(entry.name));
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
