"""The numbers that lamina draws, drawn again: its uniforms, and weights by a formula, so that no weight has to be stored."""
import numpy as np
import torch


def philox(counter, key):
    """Philox 4x32-10 on arrays of counters [n, 4] (uint64 holding 32 bits each)."""
    c = [counter[:, i].astype(np.uint64) for i in range(4)]
    k0, k1 = key
    mask = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        a, b = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [(b >> np.uint64(32)) ^ c[1] ^ np.uint64(k0), b & mask, (a >> np.uint64(32)) ^ c[3] ^ np.uint64(k1), a & mask]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack(c, 1)


def uniforms(seed, call, n):
    """What lamina's `new Generator(seed, call).uniforms(n)` gives."""
    blocks = np.zeros(((n + 3) // 4, 4), np.uint64)
    blocks[:, 0], blocks[:, 2] = np.arange(len(blocks)), call
    return ((philox(blocks, (seed, 0)).reshape(-1)[:n] >> np.uint64(8)).astype(np.float64) * 2.0**-24).astype(np.float32)


def seed_of(name):
    """FNV-1a of 32 bits, as seedOf in packages/conformance/src/inputs.ts."""
    h = 0x811C9DC5
    for c in name.encode():
        h = ((h ^ c) * 0x01000193) & 0xFFFFFFFF
    return h


# ---- weights by a formula: packages/conformance/src/formula.ts ---------------------------------------------------------
PRIME = 65521  # the row length of no layer divides it, so rows differ
PATTERN = uniforms(1, 0, PRIME).astype(np.float64)


def pattern(name, n):
    """n numbers in [0, 1): the pattern from the place that the name says, over and over."""
    at = seed_of(name) % PRIME
    return np.tile(PATTERN, (at + n) // PRIME + 1)[at : at + n]


def fill(model, prefix=""):
    """Gives every parameter and buffer its formula: U(±√(6 / fan in)) for weights, U(±0.1) for biases and means, U(0.5, 1.5) for scales and variances."""
    for key, value in model.state_dict().items():
        if not value.dtype.is_floating_point:
            continue
        u = pattern(prefix + key, value.numel())
        if value.ndim >= 2:
            bound = np.sqrt(6 / (value.numel() / value.shape[0]))
            numbers = -bound + u * (2 * bound)
        elif key.endswith(("running_var", "weight")):
            numbers = 0.5 + u
        else:
            numbers = -0.1 + u * 0.2
        value.copy_(torch.from_numpy(numbers.astype(np.float32)).reshape(value.shape))
    return model


def probe(tensor):
    """A tensor in two numbers: its product with the pattern, centred, and its root mean square."""
    x = tensor.detach().double().reshape(-1)
    signs = torch.from_numpy(2 * pattern("probe", x.numel()) - 1)
    return torch.stack([(x * signs).sum(), x.square().mean().sqrt()])
