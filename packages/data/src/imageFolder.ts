// ImageFolder: pictures in one folder a class, decoded when they are asked for. Decoding itself is left to decode.ts.

import type { Batch, RandomOf } from "./dataset.ts";
import { type DecodeOptions, decodeImage, type ImageSource } from "./decode.ts";
import type { Image } from "./image.ts";
import { ImageDataset, stacked } from "./imageDataset.ts";
import type { Transform } from "./transforms/transform.ts";

export interface ImageFolderOptions extends DecodeOptions {
  readonly transform?: Transform;
  /** Which files are pictures (default .jpg .jpeg .png .webp .gif .bmp .tif .tiff). */
  readonly extensions?: readonly string[];
  /**
   * What a file that cannot be decoded does: "throw" names it and ends the epoch (default); "skip" leaves it out of its batch,
   * which is then smaller, and puts it into `skipped`.
   */
  readonly onBadFile?: "throw" | "skip";
}
/** A picture's file and its class. */
export interface Sample {
  /** What errors call it. */
  readonly path: string;
  readonly source: ImageSource;
  readonly label: number;
}

const pictures = [".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"];
const isPicture = (path: string, extensions: readonly string[]): boolean =>
  extensions.some((extension) => path.toLowerCase().endsWith(extension));

export class ImageFolder extends ImageDataset {
  readonly samples: readonly Sample[];
  /** Files that could not be decoded, with the reason. */
  readonly skipped = new Map<string, string>();
  private readonly options: ImageFolderOptions;

  private constructor(samples: readonly Sample[], classes: readonly string[], options: ImageFolderOptions) {
    super(classes, options.transform);
    this.samples = samples;
    this.options = options;
  }
  /**
   * Lists `root/class/…/picture.png`, classes and files in alphabetical order, as `torchvision.datasets.ImageFolder` (Node).
   * @throws if there is no folder, no class, or a class without pictures.
   */
  static async load(root: string | URL, options: ImageFolderOptions = {}): Promise<ImageFolder> {
    const [{ readdir }, path, { fileURLToPath }] = await Promise.all([
      import("node:fs/promises"),
      import("node:path"),
      import("node:url"),
    ]);
    const folder = typeof root === "string" ? root : fileURLToPath(root);
    const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
      throw new Error(`ImageFolder: ${folder} cannot be read (${cause.message}); pass a folder of folders`, { cause });
    });
    const classes = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const files = await Promise.all(
      classes.map(async (name) => (await readdir(path.join(folder, name), { recursive: true })).map((f) => [name, f])),
    );
    const found = files.flat().map(([name, file]) => {
      const place = path.join(folder, name, file);
      return { path: place, source: place, className: name };
    });
    return ImageFolder.of(folder, found, classes, options);
  }
  /**
   * From files that a user chose: `<input type="file" webkitdirectory>` or what was dropped on a page. Classes are the folders in
   * the chosen one, as {@link load} has them, or the chosen folder if it has none.
   * @throws if a class has no pictures.
   */
  static fromFiles(files: Iterable<File>, options: ImageFolderOptions = {}): ImageFolder {
    const found = Array.from(files, (file) => {
      const path = (file as { webkitRelativePath?: string }).webkitRelativePath || file.name;
      const [chosen = "", inside = chosen] = path.split("/").slice(0, -1);
      return { path, source: file, className: inside };
    });
    const classes = [...new Set(found.map(({ className }) => className))];
    return ImageFolder.of("the list of files", found, classes, options);
  }
  private static of(
    root: string,
    files: readonly { path: string; source: ImageSource; className: string }[],
    names: readonly string[],
    options: ImageFolderOptions,
  ): ImageFolder {
    const { extensions = pictures } = options;
    const classes = [...names].sort();
    const kept = files.filter(({ path }) => isPicture(path, extensions));
    const empty = classes.filter((name) => !kept.some(({ className }) => className === name));
    if (classes.length === 0)
      throw new Error(`ImageFolder: ${root} has no folders; it needs one for each class, with the pictures in it`);
    if (empty.length)
      throw new Error(
        `ImageFolder: ${root} has no pictures for ${empty.join(", ")} (${extensions.join(" ")}); add some, or remove the folder`,
      );
    const samples = kept
      .map(({ path, source, className }) => ({ path, source, label: classes.indexOf(className) }))
      .sort((a, b) => a.label - b.label || (a.path < b.path ? -1 : 1));
    return new ImageFolder(samples, classes, options);
  }
  get length(): number {
    return this.samples.length;
  }
  protected async picture(index: number): Promise<Image> {
    const { path, source } = this.samples[index];
    try {
      return await decodeImage(source, this.options);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BadFileError(
        `ImageFolder: ${path} cannot be decoded (${reason}); replace or remove it, or pass onBadFile: "skip"`,
        path,
        reason,
        { cause },
      );
    }
  }
  protected labelOf(index: number): number {
    return this.samples[index].label;
  }
  /** @throws with onBadFile "skip" if nothing is left of a batch. */
  override async batch(indices: Int32Array, randomOf?: RandomOf): Promise<Batch> {
    if (this.options.onBadFile !== "skip") return super.batch(indices, randomOf);
    const settled = await Promise.allSettled(Array.from(indices, async (index) => this.get(index, randomOf?.(index))));
    for (const result of settled) if (result.status === "rejected") this.skip(result.reason);
    const items = settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    if (items.length === 0)
      throw new Error(
        `ImageFolder: none of the ${indices.length} pictures of a batch can be decoded, ${this.samples[indices[0]].path} among them; see skipped`,
      );
    return stacked(
      "ImageFolder",
      items,
      indices.filter((_, i) => settled[i].status === "fulfilled"),
    );
  }
  private skip(error: unknown): void {
    if (!(error instanceof BadFileError)) throw error;
    this.skipped.set(error.path, error.reason);
  }
}

/** A file of a dataset that is no picture, or a damaged one. */
export class BadFileError extends Error {
  override readonly name = "BadFileError";
  readonly path: string;
  readonly reason: string;
  constructor(message: string, path: string, reason: string, options?: ErrorOptions) {
    super(message, options);
    this.path = path;
    this.reason = reason;
  }
}
