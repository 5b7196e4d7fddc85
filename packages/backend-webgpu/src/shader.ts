// The text of a shader: the bindings of a dispatch's arrays, the functions that read and write them, its numbers, and the
// entry point around the kernel's own lines.
import type { DType } from "@lamina/core";
import type { Uniform, Wgsl } from "./kernels/lowered.ts";

/** WGSL's type for elements of a dtype. */
export const wgslType = (dtype: DType): "f32" | "i32" | "u32" =>
  dtype === "float32" ? "f32" : dtype === "int32" ? "i32" : "u32";

/** An array as the kernel calls it, and which of the bound ones it is: two names of one array share its bindings. */
export interface Name {
  readonly name: string;
  readonly width: 1 | 2 | 4;
  readonly array: number;
}
export interface Bound {
  readonly dtype: DType;
  /** Stored as f16, and computed with as f32. */
  readonly half?: boolean;
  /** How many bindings it takes: 1, or more where it is larger than one may be. */
  readonly parts: number;
}
export interface Signature {
  readonly names: readonly Name[];
  readonly arrays: readonly Bound[];
  /** Elements in all parts but the last. */
  readonly partLength: number;
  readonly uniforms: readonly Pick<Uniform, "name" | "type">[];
  readonly workgroupSize: number;
  /** The lines use the extension `subgroups`. */
  readonly subgroups: boolean;
}

/** Everything that the text depends on besides the kernel's own lines. */
export const signatureKey = ({ names, arrays, partLength, uniforms, workgroupSize, subgroups }: Signature): string =>
  [
    names.map(({ name, width, array }) => `${name}:${width}@${array}`),
    arrays.map((array) =>
      array.parts === 1 ? storedType(array) : `${storedType(array)}x${array.parts}/${partLength}`,
    ),
    uniforms.map(({ name, type }) => `${name}:${type}`),
    workgroupSize,
    subgroups,
  ].join(";");

/** How wide elements are stored in the text: as the only name has them, or singly where several names differ. */
const storedWidth = (names: readonly Name[], array: number): number => {
  const widths = new Set(names.filter((n) => n.array === array).map((n) => n.width));
  return widths.size === 1 ? [...widths][0] : 1;
};
const storedType = ({ dtype, half }: Bound): string => (half ? "f16" : wgslType(dtype));
const vector = (type: string, width: number): string => (width === 1 ? type : `vec${width}<${type}>`);

function bindings({ names, arrays }: Signature): string {
  let binding = 1;
  return arrays
    .flatMap((bound, a) => {
      const type = vector(storedType(bound), storedWidth(names, a));
      return Array.from(
        { length: bound.parts },
        (_, k) => `@group(0) @binding(${binding++}) var<storage, read_write> a${a}_${k}: array<${type}>;`,
      );
    })
    .join("\n");
}

/** read_NAME and write_NAME. */
function accessors({ name, width, array }: Name, { names, arrays, partLength }: Signature): string {
  const { dtype, half, parts } = arrays[array];
  const type = wgslType(dtype);
  const stored = storedWidth(names, array);
  if (half) return halfAccessors(name, width, stored, array);
  if (stored === width) return singleAccessors(name, vector(type, width), array, parts, partLength / width);
  const lanes = Array.from({ length: width }, (_, k) => k);
  return [
    singleAccessors(`${name}_lane`, type, array, parts, partLength),
    `fn read_${name}(i: u32) -> ${vector(type, width)} { let k = i * ${width}u; return ${vector(type, width)}(${lanes.map((k) => `read_${name}_lane(k + ${k}u)`).join(", ")}); }`,
    `fn write_${name}(i: u32, v: ${vector(type, width)}) { let k = i * ${width}u; ${lanes.map((k) => `write_${name}_lane(k + ${k}u, v[${k}]);`).join(" ")} }`,
  ].join("\n");
}
/** Of one part: arrays of several are not halved. */
function halfAccessors(name: string, width: number, stored: number, array: number): string {
  const type = vector("f32", width);
  const lanes = Array.from({ length: width }, (_, k) => `a${array}_0[i * ${width}u + ${k}u]`);
  if (stored === width)
    return `fn read_${name}(i: u32) -> ${type} { return ${type}(a${array}_0[i]); }
fn write_${name}(i: u32, v: ${type}) { a${array}_0[i] = ${vector("f16", width)}(v); }`;
  return `fn read_${name}(i: u32) -> ${type} { return ${type}(${lanes.map((lane) => `f32(${lane})`)}); }
fn write_${name}(i: u32, v: ${type}) { ${lanes.map((lane, k) => `${lane} = f16(v[${k}]);`).join(" ")} }`;
}
function singleAccessors(name: string, type: string, array: number, parts: number, partLength: number): string {
  if (parts === 1)
    return `fn read_${name}(i: u32) -> ${type} { return a${array}_0[i]; }\nfn write_${name}(i: u32, v: ${type}) { a${array}_0[i] = v; }`;
  const cases = (line: (k: number) => string) =>
    Array.from({ length: parts }, (_, k) =>
      k === parts - 1 ? `default: { ${line(k)} }` : `case ${k}u: { ${line(k)} }`,
    ).join(" ");
  return [
    `fn read_${name}(i: u32) -> ${type} { let at = i % ${partLength}u; switch (i / ${partLength}u) { ${cases((k) => `return a${array}_${k}[at];`)} } }`,
    `fn write_${name}(i: u32, v: ${type}) { let at = i % ${partLength}u; switch (i / ${partLength}u) { ${cases((k) => `a${array}_${k}[at] = v;`)} } }`,
  ].join("\n");
}

/** Words before a dispatch's own numbers: where its workgroups begin and end. */
export const FIXED_WORDS = 2;

export function shaderText(signature: Signature, { globals = "", main }: Wgsl): string {
  const { names, arrays, uniforms, workgroupSize, subgroups } = signature;
  return `${subgroups ? "enable subgroups;" : ""}${arrays.some(({ half }) => half) ? "enable f16;" : ""}
struct Numbers { first_group: u32, last_group: u32, ${uniforms.map(({ name, type }) => `${name}: ${type},`).join(" ")} }
@group(0) @binding(0) var<uniform> p: Numbers;
${bindings(signature)}
${names.map((name) => accessors(name, signature)).join("\n")}
${globals}
@compute @workgroup_size(${workgroupSize})
fn main(@builtin(workgroup_id) group_id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) local: u32${subgroups ? ", @builtin(subgroup_invocation_id) lane: u32" : ""}) {
  let group = p.first_group + group_id.y * groups.x + group_id.x;
  if (group >= p.last_group) { return; }
  ${subgroups ? "let quad = lane % 4u;" : ""}
${main}
}
`;
}
