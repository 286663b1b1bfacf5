/** Of a typed array, within its bounds. */
export function at(array: Int32Array | Uint8Array | Float64Array, index: number): number {
  return array[index] as number;
}
