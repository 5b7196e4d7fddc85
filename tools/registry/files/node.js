// LeNet in Node.
import { train } from "./lenet.js";

console.log(JSON.stringify(await train()));
