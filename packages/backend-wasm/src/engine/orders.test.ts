// Orders in pieces: their order, pauses between them, and what happens to one that fails.
import { expect, test } from "vitest";
import { Orders, wholly } from "./orders.ts";

const log: string[] = [];
/** Milliseconds, which pass with the pieces. */
let clock = 0;
const ordersOf = () => new Orders(() => clock);
function* pieces(name: string, count: number, milliseconds = 0): Generator<void, void> {
  for (let i = 0; i < count; i++) {
    log.push(`${name}${i}`);
    clock += milliseconds;
    yield;
  }
}
const never = (error: Error) => {
  throw error;
};

test("a short order has been done when it has been given", () => {
  log.length = 0;
  ordersOf().give(pieces("a", 3), never);
  expect(log).toEqual(["a0", "a1", "a2"]);
});
test("a long one pauses, others wait for it, and events are seen in between", async () => {
  log.length = 0;
  const orders = ordersOf();
  orders.give(pieces("long", 4, 5), never);
  orders.give(pieces("next", 1), never);
  expect(log).toEqual(["long0", "long1"]);
  setImmediate(() => void log.push("event"));
  while (!log.includes("next0")) await new Promise((go) => setImmediate(go));
  expect(log.filter((line) => line !== "event")).toEqual(["long0", "long1", "long2", "long3", "next0"]);
  expect(log.indexOf("event")).toBeLessThan(log.indexOf("next0"));
});
test("one that is said to be long begins when events have been seen, and others after it", async () => {
  log.length = 0;
  const orders = ordersOf();
  orders.giveLong(pieces("long", 1), never);
  orders.give(pieces("next", 1), never);
  expect(log).toEqual([]);
  while (!log.includes("next0")) await new Promise((go) => setImmediate(go));
  expect(log).toEqual(["long0", "next0"]);
});
test("one that fails is told so, and those after it go on; what is dropped is told why", () => {
  log.length = 0;
  const orders = ordersOf();
  const failures: string[] = [];
  const onFailure = ({ message }: Error) => void failures.push(message);
  function* failing(): Generator<void, void> {
    yield;
    throw new Error("no room");
  }
  orders.give(failing(), onFailure);
  orders.give(pieces("b", 1), onFailure);
  orders.give(pieces("c", 3, 10), onFailure);
  orders.drop(new Error("closed"));
  expect(failures).toEqual(["no room", "closed"]);
  expect(log).toEqual(["b0", "c0"]);
});
test("all of it at once", () => {
  function* sum(): Generator<void, number> {
    yield;
    return 3;
  }
  expect(wholly(sum())).toBe(3);
});
