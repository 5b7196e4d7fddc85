// Mesa's Vulkan driver that needs no card and has half precision, which SwiftShader has not: the f16 tests of webgpu run on it.
// The system's own serves if it is new enough for Dawn; for Debian 12 the one of its backports is unpacked into the cache, beside it.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SetupError } from "../explain.mjs";
import { step } from "../step.mjs";
import { aptInstall } from "./apt.mjs";

const SYSTEM = "/usr/share/vulkan/icd.d";
const cache = fileURLToPath(new URL("../../../../.cache/lavapipe/", import.meta.url));
const own = join(cache, "icd.json");
/** Mesa 22's says 1.3.230 and lacks what Dawn asks for; Mesa 24's says 1.3.289. */
const isNewEnough = (/** @type {string} */ version) => {
  const [major, minor, patch] = version.split(".").map(Number);
  return major > 1 || minor > 3 || (minor === 3 && patch >= 250);
};

const ofSystem = () =>
  (existsSync(SYSTEM) ? readdirSync(SYSTEM) : [])
    .filter((file) => file.startsWith("lvp_icd"))
    .map((file) => join(SYSTEM, file))
    .find((file) => isNewEnough(JSON.parse(readFileSync(file, "utf8")).ICD.api_version));

/** @type {import("./index.mjs").Native} */
export const lavapipe = {
  purpose: "half precision on webgpu",
  find() {
    const file = process.env.LAMINA_LAVAPIPE ?? ofSystem() ?? (existsSync(own) ? own : undefined);
    if (file) return { env: { LAMINA_LAVAPIPE: file } };
    return { absent: "Mesa's lavapipe of version 24 or newer was not found; apt-get install mesa-vulkan-drivers" };
  },
  async install(place) {
    await aptInstall(place, ["libvulkan1", "mesa-vulkan-drivers"]); // with the libraries that the newer one needs, too
    if (!ofSystem()) await unpackBackport(place);
  },
};

/** @param {import("../step.mjs").Place} place */
async function unpackBackport(place) {
  const release = readFileSync("/etc/os-release", "utf8");
  if (!/^VERSION_CODENAME=bookworm$/m.test(release))
    throw new SetupError("this system's mesa-vulkan-drivers are too old, and only Debian 12's backports are known");
  for (const folder of ["lists/partial", "root"]) mkdirSync(join(cache, folder), { recursive: true });
  const sources = join(cache, "sources.list");
  writeFileSync(sources, "deb http://deb.debian.org/debian bookworm-backports main\n");
  const options = [
    `Dir::Etc::sourcelist=${sources}`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State::lists=${cache}lists`,
  ];
  const commands = [
    `apt-get -qq ${options.map((option) => `-o ${option}`).join(" ")} update`,
    `apt-get -qq ${options.map((option) => `-o ${option}`).join(" ")} -t bookworm-backports download mesa-vulkan-drivers`,
    "dpkg -x mesa-vulkan-drivers_*.deb root",
  ];
  await step(place, "apt-get download mesa-vulkan-drivers", "/bin/sh", [
    "-c",
    `cd ${cache} && ${commands.join(" && ")}`,
  ]);
  const library = readdirSync(join(cache, "root/usr/lib")).map((arch) =>
    join(cache, "root/usr/lib", arch, "libvulkan_lvp.so"),
  );
  const icd = { file_format_version: "1.0.0", ICD: { library_path: library.find(existsSync), api_version: "1.4.305" } };
  writeFileSync(own, JSON.stringify(icd));
}
