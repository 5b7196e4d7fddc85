// The networks of the loops written out by hand, in plain loops and doubles: shares no code with lamina.

export type Mat = number[][];
export const rng = (seed: number) => {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return (state / 2147483648) * 2 - 1;
  };
};
export const matrix = (r: () => number, n: number, m: number, scale = 1): Mat =>
  Array.from({ length: n }, () => Array.from({ length: m }, () => Math.fround(r() * scale)));
const zeros = (n: number, m: number): Mat => Array.from({ length: n }, () => Array(m).fill(0));

interface Tape {
  x: Mat;
  z: Mat;
  a: Mat;
  mask: Mat;
  xhat: Mat;
  inv: number[];
  out: Mat;
  dout: Mat;
}
interface ForwardOptions {
  train?: boolean;
  /** What the hidden activations are multiplied by: 0 or 1/(1-p), row by row. */
  mask?: ArrayLike<number>;
}

/** 6-8-3 perceptron, optionally with batch norm after the first layer. */
export class EagerMLP {
  /** w1 b1 w2 b2 [gamma beta]; vectors are one-row matrices. */
  P: Mat[];
  G: Mat[];
  V: Mat[];
  M: Mat[];
  S: Mat[];
  t = 0;
  rm: number[];
  rv: number[];
  norm: boolean;
  tape!: Tape;
  constructor(P: Mat[], norm = false) {
    this.P = P.map((m) => m.map((r) => r.slice()));
    this.norm = norm;
    const h = P[0][0].length;
    if (norm) this.P.push([Array(h).fill(1)], [Array(h).fill(0)]);
    this.rm = Array(h).fill(0);
    this.rv = Array(h).fill(1);
    const like = () => this.P.map((m) => zeros(m.length, m[0].length));
    this.G = like();
    this.V = like();
    this.M = like();
    this.S = like();
  }
  forward(x: Mat, { train = true, mask: given }: ForwardOptions = {}): Mat {
    const [w1, b1, w2, b2] = this.P;
    const n = x.length;
    const h = w1[0].length;
    const z = x.map((row) => b1[0].map((b, j) => row.reduce((s, v, k) => s + v * w1[k][j], b)));
    const { xhat, inv } = this.norm ? this.normalise(z, train) : { xhat: zeros(n, h), inv: Array(h).fill(1) };
    const mask = z.map((row, i) => row.map((_, j) => (given ? given[i * h + j] : 1)));
    const a = z.map((row, i) => row.map((v, j) => (v > 0 ? v * mask[i][j] : 0)));
    const out = a.map((row) => b2[0].map((b, c) => row.reduce((s, v, j) => s + v * w2[j][c], b)));
    this.tape = { x, z, a, mask, xhat, inv, out, dout: [] };
    return out;
  }
  /** Batch normalisation of z, in place. */
  private normalise(z: Mat, train: boolean): { xhat: Mat; inv: number[] } {
    const n = z.length;
    const h = z[0].length;
    const xhat = zeros(n, h);
    const inv = Array(h).fill(1);
    const [, , , , gamma, beta] = this.P;
    for (let j = 0; j < h; j++) {
      let m = this.rm[j];
      let v = this.rv[j];
      if (train) {
        m = z.reduce((s, row) => s + row[j] / n, 0);
        v = z.reduce((s, row) => s + (row[j] - m) ** 2 / n, 0);
        this.rm[j] = 0.9 * this.rm[j] + 0.1 * m;
        this.rv[j] = 0.9 * this.rv[j] + (0.1 * v * n) / (n - 1);
      }
      inv[j] = 1 / Math.sqrt(v + 1e-5);
      for (let i = 0; i < n; i++) {
        xhat[i][j] = (z[i][j] - m) * inv[j];
        z[i][j] = xhat[i][j] * gamma[0][j] + beta[0][j];
      }
    }
    return { xhat, inv };
  }
  /** Mean cross entropy of the last forward pass. */
  loss(y: number[]): number {
    const { out } = this.tape;
    let loss = 0;
    this.tape.dout = out.map((row, i) => {
      const m = Math.max(...row);
      const e = row.map((v) => Math.exp(v - m));
      const s = e.reduce((p, q) => p + q);
      loss -= (row[y[i]] - m - Math.log(s)) / out.length;
      return e.map((v, c) => (v / s - (c === y[i] ? 1 : 0)) / out.length);
    });
    return loss;
  }
  hits(y: number[]): number {
    return this.tape.out.filter((r, i) => r.indexOf(Math.max(...r)) === y[i]).length;
  }
  zeroGrad(): void {
    for (const g of this.G) for (const r of g) r.fill(0);
  }
  backward(): void {
    const { x, z, a, mask, xhat, inv, dout } = this.tape;
    const [w1, , w2, , gamma] = this.P;
    const { G } = this;
    const n = x.length;
    const h = w1[0].length;
    const dz = zeros(n, h);
    for (let i = 0; i < n; i++)
      for (let c = 0; c < w2[0].length; c++) {
        G[3][0][c] += dout[i][c];
        for (let j = 0; j < h; j++) {
          G[2][j][c] += a[i][j] * dout[i][c];
          if (z[i][j] > 0) dz[i][j] += w2[j][c] * dout[i][c] * mask[i][j];
        }
      }
    if (this.norm)
      for (let j = 0; j < h; j++) {
        let sd = 0;
        let sx = 0;
        for (let i = 0; i < n; i++) {
          sd += dz[i][j];
          sx += dz[i][j] * xhat[i][j];
        }
        G[4][0][j] += sx;
        G[5][0][j] += sd;
        for (let i = 0; i < n; i++) dz[i][j] = (gamma[0][j] * inv[j] * (n * dz[i][j] - sd - xhat[i][j] * sx)) / n;
      }
    for (let i = 0; i < n; i++)
      for (let j = 0; j < h; j++) {
        G[1][0][j] += dz[i][j];
        for (let k = 0; k < x[0].length; k++) G[0][k][j] += x[i][k] * dz[i][j];
      }
  }
  /** Scales all gradients so that their joint norm is at most `max`; returns the norm before. */
  clip(max: number): number {
    const norm = Math.sqrt(this.G.flat(2).reduce((s, g) => s + g * g, 0));
    const f = Math.min(1, max / (norm + 1e-6));
    for (const g of this.G) for (const r of g) for (let j = 0; j < r.length; j++) r[j] *= f;
    return norm;
  }
  private each(f: (q: number, i: number, j: number) => void): void {
    this.P.forEach((p, q) => p.forEach((r, i) => r.forEach((_, j) => f(q, i, j))));
  }
  sgd(lr: number, momentum = 0): void {
    this.each((q, i, j) => {
      this.V[q][i][j] = momentum * this.V[q][i][j] + this.G[q][i][j];
      this.P[q][i][j] -= lr * this.V[q][i][j];
    });
  }
  adam(lr: number): void {
    this.t++;
    this.each((q, i, j) => {
      const g = this.G[q][i][j];
      this.M[q][i][j] = 0.9 * this.M[q][i][j] + 0.1 * g;
      this.S[q][i][j] = 0.999 * this.S[q][i][j] + 0.001 * g * g;
      const m = this.M[q][i][j] / (1 - 0.9 ** this.t);
      const v = this.S[q][i][j] / (1 - 0.999 ** this.t);
      this.P[q][i][j] -= (lr * m) / (Math.sqrt(v) + 1e-8);
    });
  }
}
