// The transforms, by torchvision's names: `import { transforms } from "@lamina/data"`.
export { ColorJitter, type ColorJitterOptions, Grayscale } from "./color.ts";
export {
  CenterCrop,
  RandomCrop,
  type RandomCropOptions,
  RandomResizedCrop,
  type RandomResizedCropOptions,
} from "./crop.ts";
export { RandomHorizontalFlip, RandomVerticalFlip } from "./flip.ts";
export { Normalize, RandomErasing, type RandomErasingOptions, ToTensor } from "./float.ts";
export { Pad, type PaddingMode, type PadTransformOptions } from "./pad.ts";
export type { Interpolation } from "./resample.ts";
export { Resize, type ResizeOptions } from "./resize.ts";
export { RandomRotation, type RotateOptions } from "./rotate.ts";
export { Compose, Lambda } from "./transform.ts";
