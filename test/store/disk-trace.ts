/**
 * A process's writes and syncs as strace saw them, and the disks that power loss could leave.
 *
 * A write counts once it has returned, a sync makes durable what was written to its file before,
 * an acknowledgement counts as soon as it begins: every doubt goes against the store.
 */

import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

export type DiskEvent =
  | {
      readonly kind: "write"
      readonly file: string
      readonly at: number
      readonly data: Uint8Array
    }
  | { readonly kind: "cut"; readonly file: string; readonly length: number }
  | { readonly kind: "sync"; readonly file: string }
  /** The line of a commit that was acknowledged. */
  | { readonly kind: "ack"; readonly line: string }

/** Address space of one simulated file. */
const imageBytesMax = 2 ** 26

const calls = "fsync,fdatasync,write,pwrite64,ftruncate"
const committer = fileURLToPath(new URL("./committer.ts", import.meta.url))

/** Why nothing can be traced here, or false; in CI never: there a missing strace fails the test. */
export function whyNoTrace(): string | false {
  const found = spawnSync("strace", ["-V"]).status === 0
  if (found || process.env["CI"] !== undefined) return false
  return "the command strace is missing: apt-get install strace"
}

/** Runs the committer on `file` under strace, until it ends. */
export function traceCommitter(file: string, ...options: readonly string[]): DiskEvent[] {
  const trace = `${file}.trace`
  const strace = ["-f", "--seccomp-bpf", "-y", "-xx", "-s", "70000", "-e", `trace=${calls}`]
  const child = spawnSync("strace", [
    ...strace,
    "-o",
    trace,
    process.execPath,
    committer,
    file,
    "boot",
    ...options,
  ])
  if (child.error) throw child.error
  const events: DiskEvent[] = []
  /** First halves of calls that another thread's line interrupted, by thread. */
  const begun = new Map<string, string>()
  for (const line of readFileSync(trace, "latin1").split("\n")) {
    const [thread = "", text = ""] = line.split(/ +(.*)/s)
    const resumed = /^<\.\.\. \w+ resumed>(.*)/s.exec(text)
    const call = resumed ? (begun.get(thread) ?? "") + resumed[1] : text
    const unfinished = call.endsWith(" <unfinished ...>")
    if (unfinished) begun.set(thread, call.slice(0, -" <unfinished ...>".length))
    const event = toEvent(call)
    const acknowledges = event?.kind === "ack"
    if (event !== undefined && (acknowledges ? !resumed : !unfinished)) events.push(event)
  }
  return events
}

function toEvent(call: string): DiskEvent | undefined {
  const parts = /^(\w+)\((\d+)<([^>]*)>(?:, "([^"]*)")?([^"]*)$/s.exec(call)
  if (parts === null) return undefined
  const [, name, descriptor, path = "", hex = "", rest = ""] = parts
  const file = basename(text(bytes(path)))
  const [first = 0, second = 0] = rest.match(/\d+/g)?.map(Number) ?? []
  if (name === "write")
    return descriptor === "1" ? { kind: "ack", line: text(bytes(hex)) } : undefined
  if (!/^store\.db(-wal)?$/.test(file)) return undefined
  if (name === "pwrite64") return { kind: "write", file, at: second, data: bytes(hex) }
  if (name === "ftruncate") return { kind: "cut", file, length: first }
  // A sync that failed, or never returned, made nothing durable.
  return rest.endsWith(" = 0") ? { kind: "sync", file } : undefined
}

function bytes(escaped: string): Uint8Array {
  return Uint8Array.fromHex(escaped.replaceAll("\\x", ""))
}

function text(data: Uint8Array): string {
  return new TextDecoder().decode(data)
}

/** Acknowledgements before which some write to the WAL had not been synced, or none was made. */
export function acksBeforeSync(events: readonly DiskEvent[]): string[] {
  const early: string[] = []
  let written = false
  let pending = false
  for (const event of events) {
    if (event.kind === "ack") {
      if (!written || pending) early.push(event.line)
      written = false
    } else if (event.file.endsWith("-wal")) {
      pending = event.kind === "write" || (pending && event.kind !== "sync")
      written ||= event.kind === "write"
    }
  }
  return early
}

/** Decides about the `index`th write that was not synced: lost, torn in the middle, or kept. */
export type Fate = (index: number) => "lost" | "torn" | "kept"

/** Writes into `folder` what a disk may hold when the power fails right after `events`. */
export function writeDisk(folder: string, events: readonly DiskEvent[], fate: Fate): void {
  const disk = new Map<string, { readonly image: ArrayBuffer; pending: DiskEvent[] }>()
  for (const event of events) {
    if (event.kind === "ack") continue
    const file = disk.get(event.file) ?? {
      image: new ArrayBuffer(0, { maxByteLength: imageBytesMax }),
      pending: [],
    }
    disk.set(event.file, file)
    if (event.kind === "sync") {
      for (const before of file.pending) apply(file.image, before, "kept")
      file.pending = []
    } else file.pending.push(event)
  }
  mkdirSync(folder)
  for (const [name, { image, pending }] of disk) {
    pending.forEach((event, index) => apply(image, event, fate(index)))
    writeFileSync(join(folder, name), new Uint8Array(image))
  }
}

function apply(image: ArrayBuffer, event: DiskEvent, fate: ReturnType<Fate>): void {
  if (fate === "lost") return
  if (event.kind === "cut") image.resize(event.length)
  if (event.kind !== "write") return
  const kept = fate === "kept" ? event.data.length : event.data.length >>> 1
  image.resize(Math.max(image.byteLength, event.at + kept))
  new Uint8Array(image).set(event.data.subarray(0, kept), event.at)
}
