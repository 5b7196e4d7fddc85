// Optimisers, fit, evaluate and checkpoints.
export {};
