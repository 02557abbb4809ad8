/** Slow work yields: its threads get less, and others may come and go meanwhile. */

import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { getPriority } from "node:os"
import { test } from "node:test"
import { Worker } from "node:worker_threads"

import { yieldSlowThreads } from "../../src/daemon/threads.ts"

const skip = process.platform === "linux" ? false : "only Linux has priorities for each thread"

test("threads of libuv's pool are nicer than all others", { skip }, async () => {
  const own = getPriority()
  await yieldSlowThreads()
  const threads = readdirSync("/proc/self/task").map((task) => ({
    name: readFileSync(`/proc/self/task/${task}/comm`, "latin1").trim(),
    nice: getPriority(Number(task)),
  }))
  const slow = threads.filter(({ name }) => name === "libuv-worker")
  assert.ok(slow.length >= 4)
  assert.ok(slow.every(({ nice }) => nice === 15))
  assert.equal(threads.find(({ name }) => name === "node-MainThread")?.nice ?? own, own)
})

test("a thread that ends meanwhile is nobody's trouble", { skip }, async () => {
  const end = new AbortController()
  const coming = async (): Promise<void> => {
    while (!end.signal.aborted) {
      const worker = new Worker("", { eval: true })
      await new Promise((resolve) => worker.once("exit", resolve))
    }
  }
  const threads = [coming(), coming()]
  try {
    for (let round = 0; round < 200; round++) await yieldSlowThreads()
  } finally {
    end.abort()
    await Promise.all(threads)
  }
})
