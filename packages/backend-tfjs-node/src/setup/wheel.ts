// Gets TensorFlow's library and headers out of its Python wheel: found on the package index, checked, unpacked file by file.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import http from "node:http";
import { basename, dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openPromise } from "yauzl";
import type { Flavour } from "./pins.ts";

type Wheel = Flavour["wheel"];

/** pip's setting is honoured, so that a mirror serves both. */
const indexOf = (): string => (process.env.PIP_INDEX_URL ?? "https://pypi.org/simple").replace(/\/+$/, "");

async function get(url: string): Promise<Response> {
  const response = await fetch(url).catch((error: Error) => {
    throw new Error(
      `${url} could not be reached (${(error.cause as Error)?.message ?? error.message}); check the network, and PIP_INDEX_URL or HTTPS_PROXY where you need them`,
    );
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}; check PIP_INDEX_URL, or try again later`);
  return response;
}

/** Saves the wheel as `path`. @throws if it is not the file that was pinned. */
export async function downloadWheel({ project, file, sha256 }: Wheel, path: string): Promise<void> {
  // Newer Nodes can be told, here, to honour HTTPS_PROXY and NO_PROXY; older ones have no such thing.
  (http as { setGlobalProxyFromEnv?: () => void }).setGlobalProxyFromEnv?.();
  const page = `${indexOf()}/${project}/`;
  const links = [...(await (await get(page)).text()).matchAll(/href="([^"]+)"/g)].map(([, link]) => link);
  const link = links.find((each) => decodeURIComponent(each).split("#")[0].endsWith(`/${file}`));
  if (!link) throw new Error(`${page} does not list ${file}; use an index that has it (PIP_INDEX_URL)`);
  const response = await get(new URL(link.replaceAll("&amp;", "&"), page).href);
  const hash = createHash("sha256");
  const hashing = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(response.body! as never), hashing, createWriteStream(path));
  const found = hash.digest("hex");
  if (found !== sha256)
    throw new Error(`${file} has the sha256 ${found} but must have ${sha256}; do not trust this index`);
}

/** The C API's headers, and what they include. */
const HEADERS = /^tensorflow\/(include\/(?:tensorflow\/c\/.*|.*\btsl\/c\/.*|.*\/platform\/ctstring\w*)\.h)$/;
const LIBRARIES = /^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/;
const LICENCES = ["tensorflow/THIRD_PARTY_NOTICES.txt", "tensorflow/include/LICENSE"];

/** Where a file of the wheel belongs in the `deps` folder of tfjs-node, or undefined. */
function placeOf(name: string): string | undefined {
  if (LIBRARIES.test(name)) return join("lib", basename(name));
  return HEADERS.exec(name)?.[1] ?? (LICENCES.includes(name) ? basename(name) : undefined);
}
/** Unpacks what tfjs-node needs of the wheel at `path` into its `deps` folder. */
export async function unpackWheel(path: string, deps: string): Promise<void> {
  const zip = await openPromise(path, { lazyEntries: true });
  for await (const entry of zip.eachEntry()) {
    const place = placeOf(entry.fileName);
    if (place === undefined) continue;
    const file = join(deps, place);
    await mkdir(dirname(file), { recursive: true });
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(file));
  }
}
