/**
 * The writer thread: the only connection that writes.
 *
 * Commits that arrive while a transaction runs wait in the port and form the next one, so a group
 * grows with the load by itself and costs one sync. Answers leave after the COMMIT that made them
 * durable; checkpoints run after the answers. A bug ends the thread, and with it all writing.
 */

import assert from "node:assert/strict"
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads"
import { HsmError } from "../../domain/errors.ts"
import { openForWriting } from "./database.ts"
import { GroupWriter } from "./group.ts"
import { unpackCommit } from "./messages.ts"
import type { CommitRequest, Job, Reply, Request, WriterData } from "./messages.ts"
import { toNumber, toStoreError } from "./rows.ts"

/** Commits of one transaction: bounds how long the first one waits for the last. */
const groupMax = 512

/** WAL frames that call for a checkpoint: 16 MiB, a pause of some ten milliseconds. */
const framesMax = 4_000

/** A pause in the work this long is used to empty the WAL. */
const idleMs = 250

/** Free pages returned to the file system per step: 1 MiB. */
const vacuumPages = 256

assert(parentPort !== null)
const port = parentPort
// Started by writer-thread.ts alone, which passes this type.
const { file, historyRevs } = workerData as WriterData
const db = openForWriting(file)
const group = new GroupWriter(db, historyRevs)

/** How much of the WAL is in use, without moving anything. */
const walState = db.prepare("PRAGMA wal_checkpoint(NOOP)")
const checkpoint = db.prepare("PRAGMA wal_checkpoint(PASSIVE)")
const truncate = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)")
const freePages = db.prepare("PRAGMA freelist_count")

const idle = setTimeout(() => emptyWal(0), idleMs)
port.on("message", (first: Request) => {
  const waiting = [first, ...received()]
  while (waiting.length > 0) work(waiting)
  if (!db.isOpen) return
  emptyWal(framesMax)
  idle.refresh()
})

/** Whatever else has arrived by now. */
function* received(): Iterable<Request> {
  for (;;) {
    const next = receiveMessageOnPort(port)
    if (next === undefined) return
    // Only writer-thread.ts holds the other end of the port.
    yield next.message as Request
  }
}

/** Takes the commits at the head of the queue as one group, or one other job. */
function work(waiting: Request[]): void {
  const end = waiting.findIndex(({ kind }) => kind !== "commit")
  const count = end === -1 ? waiting.length : Math.max(end, 1)
  const jobs = waiting.splice(0, Math.min(count, groupMax))
  try {
    port.postMessage(jobs.every(isCommit) ? applied(jobs) : jobs.map(stepped))
  } catch (error) {
    const failure = toStoreError(error)
    if (!(failure instanceof HsmError)) throw failure
    const failed = failure.message
    port.postMessage(jobs.map(({ id }): Reply => ({ id, failed, writable: false })))
  }
}

function applied(jobs: readonly CommitRequest[]): readonly Reply[] {
  const outcomes = group.apply(jobs.map(({ commit }) => unpackCommit(commit)))
  return jobs.map(({ id }, index) => {
    const outcome = outcomes[index]
    assert(outcome !== undefined)
    if (!(outcome instanceof HsmError)) return { id, outcome }
    return { id, failed: outcome.message, writable: true }
  })
}

function stepped(job: Request): Reply {
  assert(job.kind !== "commit")
  return { id: job.id, count: step(job) }
}

/** Does any other job; its number as messages.ts says. */
function step(job: Exclude<Job, { readonly kind: "commit" }>): number {
  switch (job.kind) {
    case "forget":
      return group.forget(job.before)
    case "vacuum":
      db.exec(`PRAGMA incremental_vacuum(${vacuumPages})`)
      return toNumber(freePages.get())
    case "truncate":
      return toNumber(truncate.get()) === 0 ? 1 : 0 // The first column: busy.
    case "probe":
      group.probe()
      return 1
    case "close":
      clearTimeout(idle)
      truncate.get()
      db.close()
      return 1
  }
}

function isCommit(job: Request): job is CommitRequest {
  return job.kind === "commit"
}

/** Checkpoints when more than `frames` frames are in use; tried again after a failure. */
function emptyWal(frames: number): void {
  try {
    const { log = 0, checkpointed = 0 } = walState.get() ?? {}
    if (Number(log) > frames && Number(checkpointed) < Number(log)) checkpoint.get()
  } catch (error) {
    if (!(toStoreError(error) instanceof HsmError)) throw error
  }
}
