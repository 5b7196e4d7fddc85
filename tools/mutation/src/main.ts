// Breaks kernels in small ways and shows that the suite notices each.
export {};
