// What onnxruntime-node and onnxruntime-web have in common: a session for each model, forward only.
import { centred, INPUT, pixelsOf } from "../work/numbers.ts";
import { type Job, product, type Runner, type Untyped } from "./contender.ts";
import { networkModel, opModel } from "./onnx.ts";

export function runnerOf(ort: Untyped, version: string, sessionOptions: object): Runner {
  return {
    version,
    async prepare(work): Promise<Job> {
      if (work.kind === "train") throw new Error("ONNX Runtime computes forward only");
      const { bytes, shape } = work.kind === "forward" ? networkModel(work) : opModel(work);
      const session = await ort.InferenceSession.create(bytes, sessionOptions);
      const values = work.kind === "forward" ? pixelsOf(product(shape)) : centred(INPUT, product(shape), 0.5);
      const x = new ort.Tensor("float32", values, shape);
      const [output] = session.outputNames;
      let y: Untyped;
      return {
        async run() {
          y = (await session.run({ x }))[output];
        },
        result: () => y.data,
      };
    },
  };
}
