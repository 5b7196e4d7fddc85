// A page's worker that loads batches: the whole file, as the README of @lamina/data has it.
import { serve } from "@lamina/data/worker";
import { augmented } from "./pictures.ts";

await serve(await augmented(new URL("/pictures/", location.href).href));
