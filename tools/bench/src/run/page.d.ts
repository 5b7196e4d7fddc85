// What browser.ts puts into the page.
declare module "bench:contender" {
  export const open: import("../contenders/contender.ts").Open;
}
declare module "bench:modules" {
  export const modules: readonly never[];
}
