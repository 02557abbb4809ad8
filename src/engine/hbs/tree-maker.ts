/** Trees in threads, one at a time: a second or two for 2^10 leaves, a few for 2^15 of LMS. */

import { Worker } from "node:worker_threads"
import { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"
import type { TreeOrder } from "./scheme.ts"

/** Resolves when no tree is being made. */
let last: Promise<unknown> = Promise.resolve()
let waiting = 0

/**
 * The stored nodes of a tree.
 *
 * @throws {@link HsmError} RATE_LIMITED when limits.treesWaitingMax others wait for theirs.
 */
export async function makeTree(order: TreeOrder): Promise<Uint8Array> {
  if (waiting >= limits.treesWaitingMax) {
    throw new HsmError("RATE_LIMITED", "other hash trees are being made", { retryAfterSeconds: 30 })
  }
  waiting++
  const made = last.then(() => run(order))
  last = made.catch(() => {})
  try {
    return await made
  } finally {
    waiting--
  }
}

function run(order: TreeOrder): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./tree-thread.ts", import.meta.url), { workerData: order })
    worker.once("message", resolve)
    worker.once("error", reject)
    worker.once("exit", () => reject(new HsmError("INTERNAL", "a hash tree was not made")))
  })
}
