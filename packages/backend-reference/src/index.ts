// Plain loops in double precision: the definition of every op.
export {};
