// What is missing for mode "headlessgl": gpu.js only says that there is none. Looks where gpu.js looks.

type Require = ((name: string) => unknown) & { resolve(name: string): string };
interface NodeModule {
  createRequire(from: string): Require;
}
interface Node {
  getBuiltinModule?(name: string): unknown;
}
/** The package that gpu.js looks for. */
const GL = "gl";
type MakeContext = (width: number, height: number) => object | null;

/** A require as gpu.js has it; undefined outside Node, or where gpu.js is not an installed package. */
function requireOfGpuJs(): Require | undefined {
  const node = (globalThis as { process?: Node }).process?.getBuiltinModule?.("node:module") as NodeModule | undefined;
  try {
    return node?.createRequire((import.meta as unknown as { resolve(name: string): string }).resolve("gpu.js"));
  } catch {
    return undefined;
  }
}

/** One sentence, with what to do. */
export const missingForGl = (): string => missingFor(requireOfGpuJs());

/** @param require as gpu.js has it */
export function missingFor(require: Require | undefined): string {
  if (!require) return "gpu.js is not installed as a package here, so it finds no gl; run `npm install gpu.js gl`";
  try {
    require.resolve(GL);
  } catch {
    return "the package gl is not installed; run `npm install gl` and allow its install script";
  }
  let make: MakeContext;
  try {
    make = require(GL) as MakeContext;
  } catch (error) {
    return `the package gl does not load (${(error as Error).message.split("\n")[0]}); run \`npm rebuild gl\`, which compiles its native part (on Debian: apt-get install g++ make python3 pkg-config libxi-dev libx11-dev libgl-dev)`;
  }
  if (make(1, 1) === null)
    return "gl is here but gets no context, because there is no X display; start with `xvfb-run -a node …`, or set DISPLAY";
  return "gl gives a context without float textures (OES_texture_float); use webasm";
}
