// What torchvision's networks have in common: their options, and the starts of their weights.
import { nn } from "@lamina/core";

export interface TorchvisionOptions {
  /** Default 1000, ImageNet's. */
  numClasses?: number;
}
export interface DroppingOptions extends TorchvisionOptions {
  /** The probability with which the classifier drops values in training. */
  dropout?: number;
}

type Layer = nn.Conv2d | nn.Linear;
/** Calls `start` with every layer of a kind. */
export function startEach<L extends nn.Module>(
  net: nn.Module,
  // biome-ignore lint/suspicious/noExplicitAny: the layers' constructors differ, and only their type is asked for.
  kind: new (...args: any[]) => L,
  start: (layer: L) => void,
): void {
  for (const m of net.modules()) if (m instanceof kind) start(m);
}
export function zeroBias({ bias }: Layer): void {
  if (bias) nn.init.zeros(bias);
}
/** He et al., "Delving deep into rectifiers", 2015, by what flows out. */
export function heStart(conv: nn.Conv2d): void {
  nn.init.kaimingNormal(conv.weight, { mode: "fanOut", nonlinearity: "relu" });
  zeroBias(conv);
}
export function smallStart(layer: Layer): void {
  nn.init.normal(layer.weight, { std: 0.01 });
  zeroBias(layer);
}
