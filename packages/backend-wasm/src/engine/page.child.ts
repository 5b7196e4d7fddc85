// A page that trains: the options are its URL's hash, and what came of it is its title.
import { wasm } from "../index.ts";
import { trained } from "./steps.child.ts";

/** The longest that the main thread was held, in milliseconds. */
let longest = 0;
let last = performance.now();
const { port1, port2 } = new MessageChannel();
const beat = () => {
  longest = Math.max(longest, performance.now() - last);
  last = performance.now();
  port2.postMessage(0);
};
port1.onmessage = beat;

const options = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const [device] = [await wasm(options), await wasm(options)];
beat();
const losses = await trained(device, 6);
const { details } = device;
await device.close();
document.title = JSON.stringify({ losses, details, longest });
