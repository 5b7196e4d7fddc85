// The browser that tests run in: LAMINA_CHROMIUM, or a Chrome or Chromium that is installed, or Debian's.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { aptInstall } from "./apt.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/** Where installers of other systems put it; on Linux it is on the PATH. @type {Readonly<Record<string, string[]>>} */
const PLACES = {
  darwin: [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
  ],
  win32: [
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
  ],
};

/** @returns {string | undefined} */
function chromiumPath() {
  if (process.env.LAMINA_CHROMIUM) return process.env.LAMINA_CHROMIUM;
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const onPath = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...onPath, ...(PLACES[process.platform] ?? [])].find((file) => existsSync(file));
}

/** @type {import("./index.mjs").Native} */
export const chromium = {
  purpose: "what runs in a browser",
  find() {
    const path = chromiumPath();
    if (path === undefined)
      return { absent: "no Chrome or Chromium was found; install one, or set LAMINA_CHROMIUM to where it is" };
    if (!existsSync(path)) return { absent: `LAMINA_CHROMIUM is ${path}, and there is no such file` };
    return { env: { LAMINA_CHROMIUM: path } };
  },
  install: (place) => aptInstall(place, ["chromium"]),
};
