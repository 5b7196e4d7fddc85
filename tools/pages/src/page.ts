// What a page does with the library; the test calls it by name and reads what it gives.
import { wasm } from "@lamina/backend-wasm";
import { manualSeed, setBackend } from "@lamina/core";
import { DataLoader, decodeImage, ImageFolder, transforms } from "@lamina/data";
import { bnLenet } from "@lamina/models";
import { Adam, fit } from "@lamina/train";
import { livePlot } from "@lamina/train/plot";
import { digests } from "./digests.ts";
import { augmented } from "./pictures.ts";

setBackend(await wasm());

const chosen = (): File[] => [...(document.querySelector<HTMLInputElement>("#files")?.files ?? [])];
const worker = () => new Worker(new URL("./data.worker.ts", import.meta.url), { type: "module" });

const page = {
  /** Two epochs of augmented pictures that came from a URL, loaded by so many workers. */
  async batches(workers: number): Promise<string[]> {
    const data = await augmented("pictures/");
    const loader = new DataLoader(data, { batchSize: 16, shuffle: true, seed: 7, workers, ...(workers && { worker }) });
    const found = [...(await digests(loader)), ...(await digests(loader))];
    await loader.close();
    return found;
  },
  /** The files that were chosen on the page, as classes and the digest of one batch. */
  async folder() {
    const data = ImageFolder.fromFiles(chosen(), { onBadFile: "skip" });
    const batches = await digests(new DataLoader(data, { batchSize: 8 }));
    return {
      classes: data.classes,
      paths: data.samples.map(({ path }) => path),
      batches,
      skipped: [...data.skipped.keys()],
    };
  },
  /** One picture as the browser gives it in each of its forms. */
  async forms(): Promise<number[][]> {
    const url = new URL("boot.png", location.href);
    const blob = await (await fetch(url)).blob();
    const bitmap = await createImageBitmap(blob);
    const sources = [
      url,
      url.href,
      blob,
      new File([blob], "boot.png"),
      new Uint8Array(await blob.arrayBuffer()),
      bitmap,
    ];
    const images = await Promise.all(sources.map((source) => decodeImage(source, { channels: 1 })));
    return images.map(({ data, channels, height, width }) => [channels, height, width, ...data]);
  },
  async noPicture(): Promise<string> {
    return decodeImage(Uint8Array.of(1, 2, 3)).then(String, (error: Error) => error.message);
  },
  async missing(): Promise<string> {
    return decodeImage(new URL("none.png", location.href)).then(String, (error: Error) => error.message);
  },
  /** LeNet with batch normalisation on the chosen files: losses of its steps. The plot is in #plot. */
  async train(epochs: number): Promise<number[]> {
    manualSeed(1);
    const grey = new transforms.Compose([new transforms.Resize(28), new transforms.ToTensor()]);
    const data = ImageFolder.fromFiles(chosen(), { channels: 1, transform: grey, onBadFile: "skip" });
    const model = bnLenet();
    const losses: number[] = [];
    await fit(model, {
      train: new DataLoader(data, { batchSize: 8, shuffle: true, seed: 3, dropLast: true }),
      test: new DataLoader(data, { batchSize: 40 }),
      epochs,
      optimizer: new Adam(model.parameters(), { lr: 1e-2 }),
      callbacks: [livePlot(document.querySelector("#plot"), { title: "LeNet on chosen files", every: 20 })],
      onStep: ({ loss }) => void losses.push(loss),
    });
    return losses;
  },
};
export type Page = typeof page;
Object.assign(globalThis, { page });
document.title = "ready";
