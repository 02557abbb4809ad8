/** Rules on who imports whom (DESIGN section 11) and on files that nothing uses. */
import type { Rule, SourceFile } from "./source.ts"
import { importsOf, isServer, isTest } from "./source.ts"
import { suites } from "../suites.ts"

/** Folders of src/ by what they may import; a folder may always import itself. */
const importTable: Record<string, readonly string[]> = {
  domain: [],
  codec: [],
  engine: ["domain", "codec"],
  sealing: ["domain", "engine", "codec"],
  store: ["domain", "codec"],
  records: ["domain", "codec", "sealing", "store"],
  identity: ["domain", "codec", "engine", "records"],
  audit: ["domain", "codec"],
  service: ["domain", "codec", "engine", "sealing", "store", "records", "identity", "audit"],
  faces: ["service", "identity", "domain", "codec"],
  // Of the domain, the words that a command line may say.
  cli: [
    "packages/sdk",
    "codec",
    "audit/verify.ts",
    "engine/offline.ts",
    "sealing/custodian.ts",
    "domain/algorithms.ts",
    "domain/catalogue.ts",
    "domain/certificate.ts",
    "domain/chains.ts",
    "domain/key.ts",
    "domain/principal.ts",
    "domain/request.ts",
    "domain/webhook.ts",
  ],
}

/** Folders whose subfolders must not know each other: drivers and wire dialects. */
const strangers = ["store", "faces"]

export const entries = [
  "src/daemon/main.ts",
  "src/daemon/audit-thread.ts",
  "src/cli/main.ts",
  "packages/sdk/src/index.ts",
  // The model that every other driver is compared with: its users are tests and simulations.
  "src/store/memory/memory-store.ts",
]

export const structureRules: readonly Rule[] = [
  {
    name: "a folder of src/ imports only what the import table allows",
    why: "faces that cannot reach the store or the engine cannot go round the decision",
    check: (files) => files.filter(isServer).flatMap(forbiddenImports),
  },
  {
    name: "folders of src/ import each other in one direction",
    why: "a cycle between folders makes one folder of two",
    check: (files) => findCycles(folderGraph(files.filter(isServer))),
  },
  {
    name: "every file of src/ is reachable from an entry",
    why: "dead code is read, audited and trusted for nothing",
    check: findDeadFiles,
  },
  {
    name: "every test file belongs to exactly one suite",
    why: "a test outside every suite never runs",
    check: (files) =>
      files.filter(isTest).flatMap(({ path }) => {
        const count = Object.values(suites)
          .flatMap((folders): readonly string[] => folders)
          .filter((folder) => path.startsWith(`test/${folder}/`)).length
        return count === 1 ? [] : [`${path}: belongs to ${count} suites`]
      }),
  },
]

function forbiddenImports(file: SourceFile): string[] {
  const [, folder = "", part = ""] = file.path.split("/")
  const allowed = importTable[folder]
  return importsOf(file).flatMap((target) => {
    const violation = [`${file.path}: imports ${target}`]
    const [top, targetFolder = "", targetPart = ""] = target.split("/")
    if (target.startsWith("packages/")) {
      return folder === "daemon" || allowed?.some((name) => target.startsWith(`${name}/`)) === true
        ? []
        : violation
    }
    if (top !== "src") {
      return folder === "domain" && target.startsWith("node:crypto") ? violation : []
    }
    if (targetFolder === folder) {
      const isStranger =
        strangers.includes(folder) &&
        [part, targetPart].every((name) => !name.endsWith(".ts")) &&
        part !== targetPart
      return isStranger ? violation : []
    }
    if (folder === "daemon") return []
    const inner = target.slice("src/".length)
    return allowed?.some((name) => inner === name || inner.startsWith(`${name}/`)) === true
      ? []
      : violation
  })
}

function folderGraph(files: readonly SourceFile[]): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>()
  for (const file of files) {
    const folder = folderOf(file.path)
    const targets = graph.get(folder) ?? new Set()
    graph.set(folder, targets)
    for (const target of importsOf(file).filter((path) => path.startsWith("src/"))) {
      if (folderOf(target) !== folder) targets.add(folderOf(target))
    }
  }
  return graph
}

function folderOf(path: string): string {
  return path.split("/").slice(0, 2).join("/")
}

/** Depth first: a folder met again on the way down closes a cycle. */
function findCycles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const done = new Set<string>()
  const visit = (folder: string, way: readonly string[]): string[] => {
    if (way.includes(folder)) return [[...way.slice(way.indexOf(folder)), folder].join(" -> ")]
    if (done.has(folder)) return []
    const found = [...(graph.get(folder) ?? [])].flatMap((next) => visit(next, [...way, folder]))
    done.add(folder)
    return found
  }
  return [...graph.keys()].flatMap((folder) => visit(folder, []))
}

/** Silent until all entries exist: before that nothing can be called dead. */
function findDeadFiles(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  if (!entries.every((entry) => byPath.has(entry))) return []
  const reached = new Set<string>()
  const queue = [...entries]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const file = byPath.get(path)
    if (file === undefined || reached.has(path)) continue
    reached.add(path)
    queue.push(...importsOf(file))
  }
  return files
    .filter((file) => isServer(file) && !reached.has(file.path) && !file.path.endsWith(".d.ts"))
    .map(({ path }) => `${path}: no entry reaches it`)
}
