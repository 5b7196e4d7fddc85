// The program of a worker, as a file: where a bundler or a server has it, it needs nothing of a page's Content-Security-Policy.
import { drawn } from "@lamina/core";
import { hostFunctions } from "../pointwise/host.ts";
import { makeEngine } from "./engine.ts";
import { type Port, serve } from "./serve.ts";

serve(globalThis as unknown as Port, makeEngine, hostFunctions, drawn);
