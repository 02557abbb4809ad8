/** package-lock.json decides what is installed: by version and hash, from wherever npm looks. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"

interface LockEntry {
  readonly version?: string
  readonly integrity?: string
  readonly resolved?: string
  readonly link?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
}

/** Of the platforms that have a pinned Node. A tool's binaries for others carry no hash. */
function isForPinnedPlatform({ os, cpu, libc }: LockEntry): boolean {
  return (
    os?.includes("linux") !== false &&
    cpu?.some((name) => name === "x64" || name === "arm64") !== false &&
    libc?.includes("glibc") !== false
  )
}

/** npm leaves out what its registry lacks for other platforms; `npm ci` then refuses the file. */
function findFaults(packages: Readonly<Record<string, LockEntry>>): string[] {
  return Object.entries(packages)
    .filter(([path, { link }]) => path.startsWith("node_modules/") && link !== true)
    .filter(([, entry]) => {
      const { version, integrity, resolved } = entry
      const lacksHash = integrity === undefined && isForPinnedPlatform(entry)
      return version === undefined || lacksHash || resolved !== undefined
    })
    .map(([path]) => path)
}

/** The node's and the tools', and those of the clients that tests drive. */
for (const file of ["package-lock.json", "test/package-lock.json"]) {
  test(`${file} has a version and a hash for every package of our platforms, no host`, () => {
    const path = join(import.meta.dirname, "../..", file)
    // The form of npm's lock file, version 3; a wrong one fails below.
    const lock = JSON.parse(readFileSync(path, "utf8")) as { packages: Record<string, LockEntry> }
    assert.ok(Object.keys(lock.packages).length > 10)
    assert.deepEqual(findFaults(lock.packages), [])
  })
}

test("a lock file entry without version or hash, or with a host, is found", () => {
  const whole = { version: "1.0.0", integrity: "sha512-x" }
  assert.deepEqual(
    findFaults({
      "node_modules/a": whole,
      "node_modules/b": { integrity: "sha512-x" },
      "node_modules/c": { version: "1.0.0" },
      "node_modules/d": { ...whole, resolved: "https://mirror.example/d.tgz" },
      "node_modules/darwin": { version: "1.0.0", os: ["darwin"], cpu: ["arm64"] },
      "node_modules/linux": { version: "1.0.0", os: ["linux"], cpu: ["arm64"], libc: ["glibc"] },
      "node_modules/e": { link: true, resolved: "packages/e" },
    }),
    ["node_modules/b", "node_modules/c", "node_modules/d", "node_modules/linux"],
  )
})
