// Starts a Firefox without a window, as it is installed: no driver, since the page itself tells how it went.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "./launch.ts";

/** A fresh profile that asks nothing, tells nobody and stops no script that takes its time. */
const PREFERENCES = {
  "app.normandy.enabled": false,
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "datareporting.policy.dataSubmissionEnabled": false,
  "dom.max_script_run_time": 0,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "toolkit.telemetry.enabled": false,
};

/** @throws where there is none, saying how to name one. */
export async function launchFirefox(executablePath: string | undefined): Promise<Browser> {
  const executable = executablePath ?? "firefox";
  const version = await versionOf(executable);
  const folder = await mkdtemp(join(tmpdir(), "lamina-firefox-"));
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${value});\n`);
  await writeFile(join(folder, "user.js"), lines.join(""));
  let stop = async (): Promise<void> => undefined;
  return {
    version,
    async open(url) {
      const argv = ["--headless", "--no-remote", "--profile", folder, url];
      const child = spawn(executable, argv, { stdio: "ignore", env: { ...process.env, HOME: folder } });
      const ended = once(child, "exit");
      const kill = () => void child.kill();
      process.once("exit", kill);
      stop = async () => {
        process.off("exit", kill);
        kill();
        await ended;
      };
      const failure = ended.then(([code, signal]) => {
        throw new Error(`conformance: the browser ended by itself (${signal ?? `code ${code}`})`);
      });
      failure.catch(() => {});
      return { failure };
    },
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** "Firefox 153.7.0esr" */
async function versionOf(executable: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(executable, ["--version"]);
    return stdout.trim().replace(/^Mozilla /, "");
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0];
    throw new Error(`no browser started (${reason}); set LAMINA_FIREFOX to a Firefox's executable`);
  }
}
