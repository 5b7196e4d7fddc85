// The default device: SIMD kernels written at run time, for Node and browsers.
export {};
