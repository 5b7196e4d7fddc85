// The thread that a loader starts in Node for datasets of this package.
import { workerData } from "node:worker_threads";
import { madeDataset, type PlainDataset } from "./portable.ts";
import { serve } from "./serve.ts";

await serve(madeDataset(workerData as PlainDataset));
