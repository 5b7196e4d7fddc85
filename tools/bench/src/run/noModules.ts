// In the place of the npm packages of a contender that has none.
export const modules = [];
