/**
 * Where the addon lies: the one thing that building and loading must agree on. Plain JavaScript,
 * because the launcher, which runs on any Node from 20 on, asks for it too.
 */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))
const cache = fileURLToPath(new URL("../../../node_modules/.cache/keyhold", import.meta.url))

/** The C files to compile and the headers that they include, absolute, in a stable order. */
export function addonSources() {
  const names = readdirSync(here).filter((name) => /\.[ch]$/.test(name))
  return names.toSorted().map((name) => join(here, name))
}

/** Changed sources, another Node or another processor: another path, so nothing stale is loaded. */
export function addonPath(nodeVersion) {
  const hash = createHash("sha256").update(`${nodeVersion} ${process.platform} ${process.arch}\n`)
  for (const path of addonSources()) hash.update(readFileSync(path))
  return join(cache, `native-${hash.digest("hex").slice(0, 32)}`, "keyhold.node")
}
