// Runs a command as a user's shell would: without what the test runner and the package manager have put into the environment.
import { spawn } from "node:child_process";

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  /** Both streams, as they came. */
  readonly output: string;
}

const OURS = /^(npm_|NODE_|VITEST|TEST$|DEV$|PROD$|MODE$|SSR$|BASE_URL$)/i;
/** Certificates of the machine's, and what the user has configured. */
const THEIRS = /^(NODE_EXTRA_CA_CERTS|npm_config_(registry|userconfig|cafile|https?_proxy|proxy|noproxy|prefix))$/i;

function userEnv(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => THEIRS.test(name) || !OURS.test(name));
  const direct = [process.env.NO_PROXY ?? process.env.no_proxy, "127.0.0.1"].filter(Boolean).join(",");
  return { ...(Object.fromEntries(entries) as Record<string, string>), NO_PROXY: direct }; // our registry is on this machine
}

/** Resolves when it has ended, however it ended. */
export function outcomeOf(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...userEnv(), ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let output = "";
    child.stdout.on("data", (text) => {
      stdout += text;
      output += text;
    });
    child.stderr.on("data", (text) => {
      output += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, output }));
  });
}

/** What it prints. @throws if it fails, with all that it said. */
export async function run(...[command, args, cwd, env]: Parameters<typeof outcomeOf>): Promise<string> {
  const { code, stdout, output } = await outcomeOf(command, args, cwd, env);
  if (code !== 0) throw new Error(`${command} ${args.join(" ")}: exit code ${code} in ${cwd}\n${output}`);
  return stdout;
}
