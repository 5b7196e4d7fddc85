// Pictures out of PNG, JPEG and the like: by the browser itself, in Node by sharp (libvips, with libjpeg-turbo and libspng).
import { fromPixels, type Image } from "./image.ts";
import { grayOf } from "./transforms/color.ts";

/** What createImageBitmap gives: an ImageBitmap. */
export interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}
/** A picture's file: its bytes, its path (Node) or URL, a File or Blob; or what a browser has decoded already. */
export type ImageSource = Uint8Array | string | URL | Blob | Bitmap;
export interface DecodeOptions {
  /** 3 for colour (default), 1 for grey; transparency is left out. */
  readonly channels?: 1 | 3;
}

interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly height: number;
  readonly width: number;
  /** 3 or 4. */
  readonly pixelChannels: number;
}

/**
 * Decodes one picture to bytes [channels, height, width], upright where the file says how it was held (EXIF).
 * @throws if it cannot be read or is no picture; in Node if sharp is not installed.
 */
export async function decodeImage(
  source: ImageSource,
  { channels = 3 }: DecodeOptions = {},
): Promise<Image<Uint8Array>> {
  const { data, ...size } = await (browser.createImageBitmap ? decodeInBrowser(source) : decodeInNode(source));
  const color = fromPixels(data, { ...size, channels: 3 });
  return channels === 3 ? color : (grayOf(color) as Image<Uint8Array>);
}

/** The part of a browser that is used here; lib.dom would have every reader of our types load it. */
const browser = globalThis as unknown as {
  createImageBitmap?(blob: Blob): Promise<Bitmap>;
  OffscreenCanvas: new (width: number, height: number) => { getContext(kind: "2d", options: object): Canvas | null };
};
interface Canvas {
  drawImage(bitmap: Bitmap, x: number, y: number): void;
  getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
}
const isBitmap = (source: ImageSource): source is Bitmap => typeof source === "object" && "close" in source;

async function decodeInBrowser(source: ImageSource): Promise<Pixels> {
  const bitmap = isBitmap(source) ? source : await bitmapOf(await blobOf(source));
  const { width, height } = bitmap;
  const canvas = new browser.OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!canvas) throw new Error("decodeImage: the browser gives no 2d canvas; close other pages and try again");
  canvas.drawImage(bitmap, 0, 0);
  if (bitmap !== source) bitmap.close();
  return { data: canvas.getImageData(0, 0, width, height).data, height, width, pixelChannels: 4 };
}
const bitmapOf = (blob: Blob): Promise<Bitmap> =>
  browser.createImageBitmap!(blob).catch((cause: Error) => {
    const what = `${blob.size} bytes${blob.type && ` of ${blob.type}`}`;
    throw new Error(`decodeImage: ${what} are no picture that this browser knows (${cause.message}); try PNG or JPEG`, {
      cause,
    });
  });
const blobOf = async (source: Exclude<ImageSource, Bitmap>): Promise<Blob> => {
  if (source instanceof Blob) return source;
  return source instanceof Uint8Array ? new Blob([source as Uint8Array<ArrayBuffer>]) : (await get(source)).blob();
};

async function decodeInNode(source: ImageSource): Promise<Pixels> {
  if (isBitmap(source))
    throw new Error("decodeImage: an ImageBitmap can only be read in a browser; pass the file's bytes or its path");
  const { default: sharp } = await import("sharp").catch((cause: unknown) => {
    throw new Error("decodeImage: sharp, which decodes pictures in Node, cannot be loaded; npm install sharp", {
      cause,
    });
  });
  const picture = sharp(await inputOf(source)).rotate();
  const { space } = await picture.metadata();
  const inks = space === "cmyk";
  const decoded = inks
    ? picture.pipelineColourspace("cmyk").toColourspace("cmyk")
    : picture.toColourspace("srgb").removeAlpha();
  const { data, info } = await decoded.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const { height, width, channels } = info;
  return inks
    ? { data: litBy(data), height, width, pixelChannels: 3 }
    : { data, height, width, pixelChannels: channels };
}
/** Red, green and blue of what four printing inks leave of white light, as Pillow and browsers have it. */
function litBy(inks: Uint8Array): Uint8Array {
  const out = new Uint8Array((inks.length / 4) * 3);
  for (let i = 0, o = 0; i < inks.length; i += 4) {
    const light = 255 - inks[i + 3];
    for (let c = 0; c < 3; c++) out[o++] = light - Math.round((inks[i + c] * light) / 255);
  }
  return out;
}
async function inputOf(source: Exclude<ImageSource, Bitmap>): Promise<Uint8Array | string> {
  if (source instanceof Uint8Array) return source;
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (typeof source === "string" && !/^https?:\/\//.test(source)) return source;
  const { fileURLToPath } = await import("node:url");
  if (source instanceof URL && source.protocol === "file:") return fileURLToPath(source);
  return new Uint8Array(await (await get(source)).arrayBuffer());
}
async function get(source: string | URL): Promise<Response> {
  const response = await fetch(source);
  if (response.ok) return response;
  throw new Error(
    `decodeImage: ${source} cannot be fetched (the server answers ${response.status}); check the address`,
  );
}
