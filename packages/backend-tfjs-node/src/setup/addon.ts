// Compiles tfjs-node's addon, unpatched, against the library out of the wheel: two files of C++ and one call of the compiler.
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run.ts";

const SOURCES = ["binding/tfjs_backend.cc", "binding/tfjs_binding.cc"];
/** Where tfjs-node looks for it: its own installer takes version 8 of Node's C API, too. */
const PLACE = "lib/napi-v8";
/** Relative to that, at run time. */
const LIBRARIES = "$ORIGIN/../../deps/lib";

/** @param module the folder of the npm package; its `deps` are there @param headers the folder with node_api.h */
export async function compileAddon(module: string, headers: string): Promise<void> {
  const lib = join(module, "deps", "lib");
  await symlink("libtensorflow_cc.so.2", join(lib, "libtensorflow.so"));
  await symlink("libtensorflow_framework.so.2", join(lib, "libtensorflow_framework.so"));
  await mkdir(join(module, PLACE), { recursive: true });
  const compiler = process.env.CXX || "c++";
  const options = ["-std=c++17", "-O2", "-fPIC", "-shared", "-DNODE_GYP_MODULE_NAME=tfjs_binding", "-DNAPI_VERSION=8"];
  const include = [`-I${join(module, "deps", "include")}`, `-I${headers}`];
  const link = [`-L${lib}`, "-ltensorflow", "-ltensorflow_framework", `-Wl,-rpath,${LIBRARIES}`];
  await run(compiler, [...options, ...include, ...SOURCES, "-o", `${PLACE}/tfjs_binding.node`, ...link], module).catch(
    (error: Error) => {
      throw new Error(`the addon did not compile: ${error.message}`);
    },
  );
}

/** @throws if there is no C++ compiler, saying how to get one. */
export async function requireCompiler(): Promise<void> {
  const compiler = process.env.CXX || "c++";
  await run(compiler, ["--version"], ".").catch(() => {
    throw new Error(
      `there is no C++ compiler (${compiler}); apt-get install g++, or set CXX to one, and run the same command again`,
    );
  });
}
