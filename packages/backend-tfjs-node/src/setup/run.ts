// Runs a program and keeps what it printed for the case that it fails.
import { spawn } from "node:child_process";

/** @throws with the end of its output. */
export function run(file: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.once("error", (error) => reject(new Error(`${file} could not be started (${error.message})`)));
    child.once("close", (code) => {
      const end = output.trim().split("\n").slice(-8).join("\n");
      if (code === 0) resolve();
      else reject(new Error(`${file} ended with code ${code}\n${end}`));
    });
  });
}
