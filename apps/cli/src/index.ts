// The command line: train, summary, backends, conformance.
export {};
