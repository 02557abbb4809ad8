/** The addon, for tests; where it is missing they are skipped loudly, and in CI they fail. */
import { loadAddon } from "../../src/engine/native/load.ts"
import type { Addon } from "../../src/engine/native/addon.ts"
import { addonPath } from "../../src/engine/native/location.mjs"

/** `tools/sanitize-native.sh` brings one with sanitizers in it. */
export const path = process.env["KEYHOLD_NATIVE_TEST"] ?? addonPath(process.versions.node)
const found = loadAddon(path)
/** The suite that runs the engine once more, on node:crypto alone. */
export const isOff = process.env["KEYHOLD_NATIVE"] === "off"
/**
 * Algorithms in which the addon has no part and which take seconds: that suite leaves them out.
 */
export function isRepeated(algorithm: string): boolean {
  return !(isOff && algorithm.startsWith("SLH_DSA"))
}
if (found === undefined && !isOff && process.env["CI"] !== undefined) throw new Error("install gcc")
export const skip =
  found === undefined ? "no native engine: the Debian package gcc is missing" : false

/** Called by tests that are not skipped. */
export function addon(): Addon {
  if (found === undefined) throw new Error("no native engine")
  return found
}
