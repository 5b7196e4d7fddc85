// PyTorch on the CPU, as it is installed and in the settings that make it fastest; how it does the work is run/inPython.py.
import type { Contender, Peer } from "./contender.ts";

/** Spares page faults of large blocks. */
const tunedMalloc = {
  MALLOC_MMAP_THRESHOLD_: "4294967296",
  MALLOC_TRIM_THRESHOLD_: "4294967296",
  MALLOC_TOP_PAD_: "268435456",
};
const torch = (threads: number, settings: string, channelsLast: boolean, env: Contender["env"] = {}): Contender => ({
  name: `torch-${threads}t${settings}`,
  threads,
  where: "python",
  options: { channelsLast },
  env: { OMP_NUM_THREADS: String(threads), ...env },
});
export const peer: Peer = {
  name: "torch",
  title: "PyTorch, CPU",
  source: { kind: "python", packages: { torch: "2.15.0", numpy: "2.4.6" } },
  contenders: [1, 2].flatMap((threads) => [
    torch(threads, "", false),
    torch(threads, "-malloc", false, tunedMalloc),
    torch(threads, "-channelslast", true),
    torch(threads, "-malloc-channelslast", true, tunedMalloc),
  ]),
};
