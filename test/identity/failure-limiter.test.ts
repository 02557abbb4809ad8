import assert from "node:assert/strict"
import test from "node:test"
import { instant } from "../../src/domain/ids.ts"
import { limits } from "../../src/domain/limits.ts"
import { createFailureLimiter } from "../../src/identity/failure-limiter.ts"
import { start } from "./fixture.ts"

const perMinute = limits.failedAuthenticationsPerMinute
const later = (ms: number) => instant(start + ms)

function exhausted() {
  const limiter = createFailureLimiter()
  for (let index = 0; index < perMinute; index++) assert.equal(limiter.fail("a", start), 0)
  return limiter
}

test("as many failures as the limit per minute pass, the next one has to wait", () => {
  assert.equal(exhausted().fail("a", start), 60_000 / perMinute)
})

test("another source is not slowed by the first one", () => {
  const limiter = exhausted()
  assert.ok(limiter.fail("a", start) > 0)
  assert.equal(limiter.fail("b", start), 0)
})

test("after the wait that was named one more failure passes, just before it none", () => {
  const wait = exhausted().fail("a", start)
  assert.ok(exhausted().fail("a", later(wait - 1)) > 0)
  assert.equal(exhausted().fail("a", later(wait)), 0)
})

test("a source that keeps failing while it waits does not wait longer for it", () => {
  const limiter = exhausted()
  const wait = limiter.fail("a", start)
  assert.ok(limiter.fail("a", later(wait / 2)) <= wait / 2)
  assert.equal(limiter.fail("a", later(wait)), 0)
})

test("a quiet hour gives the limit back, not sixty times as much", () => {
  const limiter = exhausted()
  const hour = later(3_600_000)
  for (let index = 0; index < perMinute; index++) assert.equal(limiter.fail("a", hour), 0)
  assert.ok(limiter.fail("a", hour) > 0)
})

test("no more sources are remembered than the limit, and the oldest goes first", () => {
  const limiter = exhausted()
  for (let index = 1; index < limits.failureAddressesMax; index++) limiter.fail(`s${index}`, start)
  assert.equal(limiter.size, limits.failureAddressesMax)
  assert.ok(limiter.fail("a", start) > 0, "still known, and now the youngest")
  limiter.fail("one more", start)
  assert.equal(limiter.size, limits.failureAddressesMax)
  assert.ok(limiter.fail("a", start) > 0, "s1 was forgotten instead")
  for (let index = 1; index <= limits.failureAddressesMax; index++) limiter.fail(`t${index}`, start)
  assert.equal(limiter.size, limits.failureAddressesMax)
  assert.equal(limiter.fail("a", start), 0, "forgotten at last")
})
