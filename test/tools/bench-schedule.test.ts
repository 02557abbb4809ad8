/** The open loop of the benchmarks: a server that stalls must not hide how slow it was. */

import assert from "node:assert/strict"
import { setTimeout as pause } from "node:timers/promises"
import { test } from "node:test"

import { Schedule } from "../../bench/schedule.ts"

/** When a connection's requests were due, each answered so many ms after it was sent. */
async function dueTimes(schedule: Schedule, answerMs: number): Promise<readonly number[]> {
  const due: number[] = []
  const ended = Promise.withResolvers<undefined>()
  const send = (dueAtMs: number): void => {
    due.push(dueAtMs)
    if (due.length === 4) ended.resolve(undefined)
    else void pause(answerMs).then(() => schedule.next(send))
  }
  schedule.next(send)
  schedule.start()
  await ended.promise
  schedule.stop()
  return due
}

test("at a given rate, a request that had to wait has been due since its time", async () => {
  const [first = 0, ...others] = await dueTimes(new Schedule(100), 40)
  assert.deepEqual(
    others.map((at) => Math.round(at - first)),
    [10, 20, 30],
  )
})

test("without a rate, a request is due when a connection is free", async () => {
  const [first = 0, , , last = 0] = await dueTimes(new Schedule(undefined), 40)
  assert.ok(last - first > 110, `${last - first}`)
})
