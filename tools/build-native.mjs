/**
 * Builds the engine's addon with the C compiler that is there: the pinned Node ships all headers,
 * OpenSSL's included, and its executable exports the functions. Nothing is downloaded. Without a
 * compiler node:crypto serves alone.
 */
import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { addonPath, addonSources } from "../src/engine/native/location.mjs"

const warnings = ["-Wall", "-Wextra", "-Werror"]
const hardening = [
  "-fstack-protector-strong",
  "-D_FORTIFY_SOURCE=2",
  "-fvisibility=hidden",
  "-Wl,-z,relro,-z,now",
]
/** Writable by its owner alone, whatever the umask: the loader refuses anything else. */
const mode = 0o755

/**
 * Builds unless it is built.
 *
 * @param {{ packageFolder: string, nodeVersion: string }} pinned - the pinned Node's npm package.
 * @returns {string | undefined} why there is no addon, in a few words; undefined when there is one.
 */
export function buildNative({ packageFolder, nodeVersion }) {
  const path = addonPath(nodeVersion)
  if (existsSync(path)) return undefined
  const include = join(packageFolder, "include/node")
  if (!existsSync(join(include, "node_api.h"))) return "the pinned Node brings no headers"
  try {
    return compile({ path, include })
  } catch (error) {
    return error.message
  }
}

function compile({ path, include }) {
  mkdirSync(dirname(path), { recursive: true })
  chmodSync(dirname(path), mode)
  // Renamed when it is whole: another process may be building or loading it.
  const unfinished = `${path}.${process.pid}`
  const sources = addonSources().filter((source) => source.endsWith(".c"))
  const options = ["-std=c11", "-shared", "-fPIC", "-O2", ...hardening, ...warnings]
  const files = ["-isystem", include, "-o", unfinished, ...sources]
  const { status, error, stderr } = spawnSync("cc", [...options, ...files], { encoding: "utf8" })
  if (error !== undefined) return "there is no C compiler (cc)"
  if (status !== 0) {
    rmSync(unfinished, { force: true })
    return `cc failed:\n${stderr}`
  }
  chmodSync(unfinished, mode)
  renameSync(unfinished, path)
  return undefined
}
