import { reference } from "@lamina/backend-reference";
import { setBackend } from "@lamina/core";
import { vectors } from "./vectors.ts";
setBackend(await reference());
let ok = 0,
  bad = 0;
for await (const o of vectors()) {
  if (o.message) {
    bad++;
    console.log("FAIL", o.id, "|", o.message);
  } else ok++;
}
console.log({ ok, bad });
