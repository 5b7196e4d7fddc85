// Where `setup` puts tfjs-node, and where it is looked for.
import { homedir } from "node:os";
import { join } from "node:path";

/** `cpu` or `gpu` in the folder LAMINA_TFJS_NODE, or else in `lamina/tfjs-node` of the user's cache folder. */
export function setUpFolder(flavour: "cpu" | "gpu"): string {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(process.env.LAMINA_TFJS_NODE || join(cache, "lamina", "tfjs-node"), flavour);
}
