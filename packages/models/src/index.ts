// Networks as their papers have them.
export { initWeights } from "./initWeights.ts";
export { bnLenet, lenet, lenetMaxPool, type ModelOptions } from "./lenet.ts";
