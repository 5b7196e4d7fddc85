// What setup fetches: exact versions, each with its checksum. TensorFlow 2.16.2 is the newest whose C API tfjs-node 4.22 was
// tested with and whose `round` of integers is right.

interface Wheel {
  /** On the Python package index. */
  readonly project: string;
  readonly file: string;
  readonly sha256: string;
  readonly megabytes: number;
}
export interface Flavour {
  /** On the npm registry. */
  readonly package: string;
  readonly integrity: string;
  readonly wheel: Wheel;
}

export const VERSION = "4.22.0";
export const TENSORFLOW = "2.16.2";
/** Declarations of Node's C API, for the compiler: the same for every Node from 20 on. */
export const HEADERS = "node-api-headers@1.9.0";

const linux = "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl";
export const flavours: Readonly<Record<"cpu" | "gpu", Flavour>> = {
  cpu: {
    package: "@tensorflow/tfjs-node",
    integrity: "sha512-uHrXeUlfgkMxTZqHkESSV7zSdKdV0LlsBeblqkuKU9nnfxB1pC6DtoyYVaLxznzZy7WQSegjcohxxCjAf6Dc7w==",
    wheel: {
      project: "tensorflow-cpu",
      file: `tensorflow_cpu-${TENSORFLOW}-${linux}`,
      sha256: "c855cb6bf05d32dd5928086b03a5f6b4189b63c22b95e017703cbee4291023ca",
      megabytes: 214,
    },
  },
  gpu: {
    package: "@tensorflow/tfjs-node-gpu",
    integrity: "sha512-p//NN6DGiN4hInUmIkRffaFVMcdTREUMjPyjW04J7OXvB2zBlQimj61eFKSgRrH3f5TnOfKzb0n56he/B6a4bw==",
    wheel: {
      project: "tensorflow",
      file: `tensorflow-${TENSORFLOW}-${linux}`,
      sha256: "d8798dea8e2281b4a0b569d9c00e7949c0090509be363da271e1ef21828bffae",
      megabytes: 591,
    },
  },
};
