// The browsers that tests run in: the one that LAMINA_CHROMIUM or LAMINA_FIREFOX names, or one that is installed, or Debian's.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { aptInstall } from "./apt.mjs";

/**
 * @typedef {object} Kind
 * @property {string} title as people call it
 * @property {string} variable that names its executable
 * @property {string} debian its package there
 * @property {string[]} names of its executable on the PATH
 * @property {Readonly<Record<string, string[]>>} places where installers of other systems put it
 */

/** @param {Kind} kind @param {string} purpose @returns {import("./index.mjs").Native} */
function browser(kind, purpose) {
  const { title, variable, debian } = kind;
  return {
    purpose,
    find() {
      const path = process.env[variable] || installed(kind);
      if (path === undefined)
        return { absent: `no ${title} was found; install one, or set ${variable} to where it is` };
      if (!existsSync(path)) return { absent: `${variable} is ${path}, and there is no such file` };
      return { env: { [variable]: path } };
    },
    install: (place) => aptInstall(place, [debian]),
  };
}
/** @param {Kind} kind @returns {string | undefined} */
function installed({ names, places }) {
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  const onPath = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [...onPath, ...(places[process.platform] ?? [])].find((file) => existsSync(file));
}

export const chromium = browser(
  {
    title: "Chrome or Chromium",
    variable: "LAMINA_CHROMIUM",
    debian: "chromium",
    names: ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"],
    places: {
      darwin: [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
      ],
      win32: [
        "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
        "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
      ],
    },
  },
  "what runs in a browser",
);
export const firefox = browser(
  {
    title: "Firefox",
    variable: "LAMINA_FIREFOX",
    debian: "firefox-esr",
    names: ["firefox-esr", "firefox"],
    places: {
      darwin: ["/Applications/Firefox.app/Contents/MacOS/firefox"],
      win32: ["C:\\Program Files\\Mozilla Firefox\\firefox.exe"],
    },
  },
  "wasm in Firefox",
);
