/** A queue per partition, served in turn; what was withdrawn or waits too long is refused. */

import assert from "node:assert/strict"
import { test } from "node:test"

import { limits } from "../../src/domain/limits.ts"
import { Failed } from "../../src/domain/outcome.ts"
import type { Permit } from "../../src/domain/policy.ts"
import { inJobs, SlowLane, slowLane } from "../../src/engine/slow-lane.ts"

/** As much of a permit as the lane looks at. */
function permit(partition: string): Permit & { isWithdrawn: boolean } {
  return { partition, isWithdrawn: false } as unknown as Permit & { isWithdrawn: boolean }
}

const rsa2048 = { lane: "slow", algorithm: "RSA_2048" } as const
const bounds = { atOnce: 1, waitingMax: 100, waitingPerPartitionMax: 50 }

/** Work that ends when it is told to. */
function work(name: string, done: string[]) {
  const { promise, resolve } = Promise.withResolvers<string>()
  return {
    end: () => resolve(name),
    run: async () => {
      done.push(name)
      return await promise
    },
  }
}

test("partitions are served in turn, however many jobs one of them brings", async () => {
  const lane = new SlowLane(bounds)
  const order: string[] = []
  const flood = Array.from({ length: 10 }, (_, at) => work(`a${at}`, order))
  const other = [work("b0", order), work("b1", order)]
  const all = [
    ...flood.map((one) => lane.run(permit("a"), one.run)),
    ...other.map((one) => lane.run(permit("b"), one.run)),
  ]
  for (const one of [...flood, ...other]) one.end()
  await Promise.all(all)
  assert.deepEqual(order.slice(0, 5), ["a0", "a1", "b0", "a2", "b1"])
  assert.equal(lane.waiting, 0)
})

test("a partition's queue has a bound, and so has the lane: more is refused at once", async () => {
  const lane = new SlowLane({ atOnce: 1, waitingMax: 3, waitingPerPartitionMax: 2 })
  const job = work("x", [])
  const taken = [lane.run(permit("a"), job.run)]
  for (const partition of ["a", "a", "b"]) taken.push(lane.run(permit(partition), job.run))
  const refusal = { code: "RATE_LIMITED", detail: { retryAfterSeconds: limits.slowRetrySeconds } }
  await assert.rejects(lane.run(permit("a"), job.run), refusal)
  await assert.rejects(lane.run(permit("c"), job.run), refusal)
  job.end()
  await Promise.all(taken)
  assert.equal(await lane.run(permit("c"), job.run), "x")
})

test("a job whose permit was withdrawn while it waited does not begin", async () => {
  const lane = new SlowLane(bounds)
  const begun: string[] = []
  const first = work("first", begun)
  const second = work("second", begun)
  const third = work("third", begun)
  const withdrawn = permit("a")
  const running = lane.run(permit("a"), first.run)
  const refused = lane.run(withdrawn, second.run)
  const after = lane.run(permit("a"), third.run)
  withdrawn.isWithdrawn = true
  for (const one of [first, second, third]) one.end()
  await assert.rejects(refused, { code: "KEY_STATE" })
  assert.deepEqual([await running, await after], ["first", "third"])
  assert.deepEqual(begun, ["first", "third"])
})

test("what waits for longer than a permit lives is refused", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] })
  const lane = new SlowLane(bounds)
  const job = work("x", [])
  const running = lane.run(permit("a"), job.run)
  const late = assert.rejects(lane.run(permit("a"), job.run), { code: "RATE_LIMITED" })
  t.mock.timers.tick(limits.permitMs + 2_000)
  await late
  job.end()
  assert.equal(await running, "x")
  assert.equal(lane.waiting, 0)
})

test("a job that fails leaves its place to the next", async () => {
  const lane = new SlowLane(bounds)
  const failed = lane.run(permit("a"), () => Promise.reject(new TypeError("bug")))
  const next = lane.run(permit("a"), () => "next")
  await assert.rejects(failed, TypeError)
  assert.equal(await next, "next")
})

test("what is asked for in one go shares jobs of a bounded size; each has its answer", async () => {
  const jobs: number[] = []
  const double = (items: readonly number[]) => {
    jobs.push(items.length)
    return Promise.resolve(items.map((one) => 2 * one))
  }
  const items = Array.from({ length: 26 }, (_, at) => at)
  assert.deepEqual(
    await inJobs(permit("g"), rsa2048, items, double),
    items.map((one) => 2 * one),
  )
  assert.deepEqual(jobs, [20, 6])
  // Half a second of it would be one partition's alone.
  const slowest = { ...rsa2048, algorithm: "RSA_8192" } as const
  assert.equal(inJobs(permit("g"), slowest, items, double), undefined)
  assert.equal(inJobs(permit("g"), { ...rsa2048, lane: "fast" }, items, double), undefined)
  assert.equal(inJobs(permit("g"), rsa2048, items, undefined), undefined)
})

test("a job that fails, or whose permit is withdrawn, fails its items alone", async () => {
  const items = Array.from({ length: 21 }, (_, at) => at)
  const outcomes = await inJobs(permit("g"), rsa2048, items, (some) =>
    some.length === 1 ? Promise.reject(new Error("broken")) : Promise.resolve(some),
  )
  assert.deepEqual(outcomes, [...items.slice(0, 20), new Failed(new Error("broken"))])

  const leave = permit("g")
  const blockers = Array.from({ length: limits.slowJobsAtOnce }, () => work("x", []))
  const busy = blockers.map((one) => slowLane.run(permit("h"), one.run))
  const late = inJobs(leave, rsa2048, [1, 2], (some) => Promise.resolve(some))
  await Promise.resolve()
  leave.isWithdrawn = true
  for (const one of blockers) one.end()
  await Promise.all(busy)
  for (const one of (await late) ?? []) {
    assert.equal(one instanceof Failed && (one.error as { code?: string }).code, "KEY_STATE")
  }
})
