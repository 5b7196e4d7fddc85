// Turns the output of a set-up step that failed into one sentence on what is wrong and one on what to do.
import { PNPM_VERSION } from "./toolchain.mjs";

/** A set-up failure that the user can act on; `message` is all they see. */
export class SetupError extends Error {
  /** @param {string} message @param {number} [exitCode] */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Causes in the order they are tried: a full disk or a missing permission also makes later, less telling noise.
 * @type {{ pattern: RegExp, advice: (root: string) => string }[]}
 */
const causes = [
  {
    pattern: /spawn npm ENOENT|'npm' is not recognized/i,
    advice: () => "npm was not found. Install Node with npm (https://nodejs.org), then run the same command again.",
  },
  {
    pattern: /ENOSPC|no space left on device|EDQUOT|disk quota/i,
    advice: (root) =>
      `the disk is full. Free about 1 GB where ${root} lies (and in your home folder), then run the same command again.`,
  },
  {
    pattern: /EACCES|EPERM|EROFS|permission denied|read-only file system|operation not permitted/i,
    advice: (root) =>
      `a file may not be written. Give your user write permission on ${root} (it may belong to another user), or clone it into a folder of yours, then run the same command again.`,
  },
  {
    pattern:
      /OUTDATED_LOCKFILE|LOCKFILE_CONFIG_MISMATCH|LOCKFILE_MISSING|NO_LOCKFILE|LOCKFILE_MISSING_DEPENDENCY|BROKEN_LOCKFILE/,
    advice: () =>
      `pnpm-lock.yaml does not fit the package.json files. After a change of dependencies run \`npx pnpm@${PNPM_VERSION} install\` and commit pnpm-lock.yaml; otherwise restore both with git.`,
  },
  {
    pattern: /SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|CERT_|certificate/i,
    advice: () =>
      "the registry's certificate is not trusted. Behind a company proxy, set NODE_EXTRA_CA_CERTS to its certificate, then run the same command again.",
  },
  {
    pattern: /INTEGRITY|TARBALL_INTEGRITY/i,
    advice: () =>
      "a download does not have the checksum it should have. Run the same command again; if it stays so, do not trust this registry.",
  },
  {
    pattern: /E404|ETARGET|\b404\b|NO_MATCHING_VERSION|FETCH_404/i,
    advice: () =>
      "the npm registry does not have a version that is needed. Look at `npm config get registry`: a mirror may be incomplete.",
  },
  {
    pattern:
      /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ESOCKETTIMEDOUT|UND_ERR|ERR_SOCKET|fetch failed|error sending request|dns error|META_FETCH_FAIL|network/i,
    advice: () =>
      "the npm registry could not be reached. Check the network and `npm config get registry` (and `https-proxy` behind a proxy), then run the same command again. Only the first run needs the network.",
  },
];

/**
 * One paragraph on a failed step: what failed, why, what to do.
 * @param {{ step: string, output: string, root: string, log?: string }} failure `log` is where all of the output is
 */
export function explain({ step, output, root, log }) {
  const cause = causes.find(({ pattern }) => pattern.test(output));
  const advice = cause ? cause.advice(root) : `it printed:\n${lastLines(output, 8)}`;
  return `${step} failed: ${advice}${log ? `\nlamina: its full output is in ${log}` : ""}`;
}

/** @param {string} text @param {number} count */
const lastLines = (text, count) => text.trim().split("\n").slice(-count).join("\n");
