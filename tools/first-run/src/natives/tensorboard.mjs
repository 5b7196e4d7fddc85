// The TensorBoard of PyPI, which reads the event files that tests write: in a folder of our own for Python's path.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { step } from "../step.mjs";

const VERSION = "2.21.0";
const folder = fileURLToPath(new URL(`../../../../.cache/tensorboard-${VERSION}`, import.meta.url));
/** Written last: half an installation is none. */
const done = join(folder, `tensorboard-${VERSION}.dist-info`, "RECORD");

/** @type {import("./index.mjs").Native} */
export const tensorboard = {
  purpose: "reading event files with the real TensorBoard",
  find: () =>
    existsSync(done)
      ? { env: { LAMINA_TENSORBOARD: folder } }
      : { absent: `TensorBoard ${VERSION} is not in ${folder}; it takes a Python 3 with pip to put it there` },
  async install(place) {
    rmSync(folder, { recursive: true, force: true });
    await step(place, "pip install tensorboard", "python3", [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--target",
      folder,
      `tensorboard==${VERSION}`,
    ]);
  },
};
