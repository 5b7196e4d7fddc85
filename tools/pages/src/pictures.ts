// The pictures of these tests, changed by chance: the same on the page, in its workers and in Node.
import { FashionMNIST, transforms } from "@lamina/data";

const augment = new transforms.Compose([
  new transforms.RandomCrop(24),
  new transforms.RandomHorizontalFlip(),
  new transforms.ToTensor(),
  new transforms.RandomErasing(),
]);
export const augmented = (from: string): Promise<FashionMNIST> =>
  FashionMNIST.load({ train: false, from, transform: augment });
