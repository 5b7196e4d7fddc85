// The module of the device that is judged; bundle.ts puts it in this name's place.
declare module "lamina:device" {
  const exports: Record<string, unknown>;
  export = exports;
}
