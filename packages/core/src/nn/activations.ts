// Activation functions as layers. The formulas are at the functions, in ops/activation.ts and ops/softmax.ts.
import {
  elu,
  gelu,
  hardtanh,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  relu,
  relu6,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  tanh,
} from "../ops/functions.ts";
import type { Tensor } from "../tensor.ts";
import { named } from "./arguments.ts";
import { Module } from "./module.ts";
import { float } from "./repr.ts";

/** max(x, 0), as `torch.nn.ReLU`. */
export class ReLU extends Module {
  override forward(x: Tensor): Tensor {
    return relu(x);
  }
}
/** min(max(x, 0), 6), as `torch.nn.ReLU6`. */
export class ReLU6 extends Module {
  override forward(x: Tensor): Tensor {
    return relu6(x);
  }
}
/** 1 / (1 + e^-x), as `torch.nn.Sigmoid`. */
export class Sigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}
/** As `torch.nn.Tanh`. */
export class Tanh extends Module {
  override forward(x: Tensor): Tensor {
    return tanh(x);
  }
}
/** x / (1 + |x|), as `torch.nn.Softsign`. */
export class Softsign extends Module {
  override forward(x: Tensor): Tensor {
    return softsign(x);
  }
}
/** log(sigmoid(x)), as `torch.nn.LogSigmoid`. */
export class LogSigmoid extends Module {
  override forward(x: Tensor): Tensor {
    return logSigmoid(x);
  }
}
/** x kept between `minVal` (default -1) and `maxVal` (default 1), as `torch.nn.Hardtanh`. */
export class Hardtanh extends Module {
  readonly minVal: number;
  readonly maxVal: number;
  constructor(minVal?: number | { minVal?: number; maxVal?: number }, maxVal?: number) {
    super();
    const given = named<{ minVal?: number; maxVal?: number }>("Hardtanh", ["minVal", "maxVal"], [minVal, maxVal]);
    this.minVal = given.minVal ?? -1;
    this.maxVal = given.maxVal ?? 1;
  }
  override forward(x: Tensor): Tensor {
    return hardtanh(x, { min: this.minVal, max: this.maxVal });
  }
  protected override extraRepr(): string {
    return `min_val=${float(this.minVal, -1)}, max_val=${float(this.maxVal, 1)}`;
  }
}
/** x·sigmoid(x), as `torch.nn.SiLU`. */
export class SiLU extends Module {
  override forward(x: Tensor): Tensor {
    return silu(x);
  }
}
/** x above 0, `negativeSlope`·x (default 0.01) below, as `torch.nn.LeakyReLU`. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;
  constructor(negativeSlope?: number | { negativeSlope?: number }) {
    super();
    this.negativeSlope =
      named<{ negativeSlope?: number }>("LeakyReLU", ["negativeSlope"], [negativeSlope]).negativeSlope ?? 0.01;
  }
  override forward(x: Tensor): Tensor {
    return leakyRelu(x, { negativeSlope: this.negativeSlope });
  }
  protected override extraRepr(): string {
    return `negative_slope=${float(this.negativeSlope, 0.01)}`;
  }
}
/** x above 0, `alpha`·(e^x - 1) (default 1) below, as `torch.nn.ELU`. */
export class ELU extends Module {
  readonly alpha: number;
  constructor(alpha?: number | { alpha?: number }) {
    super();
    this.alpha = named<{ alpha?: number }>("ELU", ["alpha"], [alpha]).alpha ?? 1;
  }
  override forward(x: Tensor): Tensor {
    return elu(x, { alpha: this.alpha });
  }
  protected override extraRepr(): string {
    return `alpha=${float(this.alpha, 1)}`;
  }
}
/** x·Φ(x), exact or by tanh, as `torch.nn.GELU`. */
export class GELU extends Module {
  readonly approximate: "none" | "tanh";
  constructor({ approximate = "none" }: { approximate?: "none" | "tanh" } = {}) {
    super();
    this.approximate = approximate;
  }
  override forward(x: Tensor): Tensor {
    return gelu(x, { approximate: this.approximate });
  }
  protected override extraRepr(): string {
    return `approximate='${this.approximate}'`;
  }
}
/** log(1 + e^(beta·x)) / beta (default beta 1), as `torch.nn.Softplus`. */
export class Softplus extends Module {
  readonly beta: number;
  constructor(beta?: number | { beta?: number }) {
    super();
    this.beta = named<{ beta?: number }>("Softplus", ["beta"], [beta]).beta ?? 1;
  }
  override forward(x: Tensor): Tensor {
    return softplus(x, { beta: this.beta });
  }
  protected override extraRepr(): string {
    return `beta=${float(this.beta, 1)}, threshold=20.0`;
  }
}

/** Which axis sums to one; PyTorch's argument is called `dim`. */
abstract class AlongAxis extends Module {
  readonly dim: number;
  constructor(dim?: number | { dim?: number }) {
    super();
    const given = named<{ dim?: number }>(new.target.name, ["dim"], [dim]).dim;
    if (given === undefined)
      throw new Error(
        `${new.target.name}: dim is not given; name the axis that sums to one, new nn.${new.target.name}(1)`,
      );
    this.dim = given;
  }
  protected override extraRepr(): string {
    return `dim=${this.dim}`;
  }
}
/** e^x / Σ e^x along axis `dim`, as `torch.nn.Softmax`. */
export class Softmax extends AlongAxis {
  override forward(x: Tensor): Tensor {
    return softmax(x, this.dim);
  }
}
/** The logarithm of softmax along axis `dim`, as `torch.nn.LogSoftmax`. */
export class LogSoftmax extends AlongAxis {
  override forward(x: Tensor): Tensor {
    return logSoftmax(x, this.dim);
  }
}
