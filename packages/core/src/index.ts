// Tensors, ops, gradients, programs and layers: everything that is true on every device.
export {};
