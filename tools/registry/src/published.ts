// The packages that are published: every folder of ours whose package.json does not say "private".
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Package {
  readonly folder: string;
  readonly name: string;
  readonly private?: boolean;
  readonly engines?: { readonly node?: string };
  readonly exports?: Readonly<Record<string, unknown>>;
}

export const root = fileURLToPath(new URL("../../../", import.meta.url));

export const published: readonly Package[] = ["packages", "apps"]
  .flatMap((group) => readdirSync(`${root}${group}`).map((folder) => `${root}${group}/${folder}`))
  .map((folder): Package => ({ folder, ...JSON.parse(readFileSync(`${folder}/package.json`, "utf8")) }))
  .filter((manifest) => !manifest.private);
