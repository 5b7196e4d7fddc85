// Networks as their papers have them.
export {};
