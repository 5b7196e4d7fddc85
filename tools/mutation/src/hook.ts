// Loaded before everything else in the process that runs the suite: breaks one source file as it is read. Nothing on disk changes.
import { registerHooks } from "node:module";
import { mutate } from "./mutation.ts";
import { mutations } from "./mutations.ts";

const mutation = mutations.find((m) => m.name === process.env.LAMINA_MUTATION);
if (mutation) {
  const target = new URL(`../../../${mutation.file}`, import.meta.url).href;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (url !== target) return loaded;
      return { ...loaded, source: mutate(String(loaded.source), mutation) };
    },
  });
}
