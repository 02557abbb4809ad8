import assert from "node:assert/strict"
import test from "node:test"
import { limits } from "../../src/domain/limits.ts"
import { authenticatorFixture, here, refusalOf } from "./fixture.ts"

test("an address that fails too often has to wait, and a valid token passes from it", async () => {
  const fixture = authenticatorFixture()
  const { authenticator, alice, advance } = fixture
  for (let index = 0; index < limits.failedAuthenticationsPerMinute; index++) {
    assert.equal((await refusalOf(fixture, { bearer: "kh1_" })).code, "UNAUTHENTICATED")
  }
  const limited = await refusalOf(fixture, { bearer: "kh1_" })
  assert.equal(limited.code, "RATE_LIMITED")
  assert.deepEqual(limited.detail, { retryAfterSeconds: 1 })
  await authenticator.authenticate({ bearer: alice.token, address: here })
  const elsewhere = await refusalOf(fixture, { bearer: "kh1_", address: "192.0.2.2" })
  assert.equal(elsewhere.code, "UNAUTHENTICATED")
  advance(1_000)
  assert.equal((await refusalOf(fixture, { bearer: "kh1_" })).code, "UNAUTHENTICATED")
})

test("one IPv6 host cannot escape the limit through the addresses of its /64", async () => {
  const fixture = authenticatorFixture()
  for (let index = 0; index < limits.failedAuthenticationsPerMinute; index++) {
    await refusalOf(fixture, { address: `2001:db8:1:2::${index.toString(16)}` })
  }
  const same = await refusalOf(fixture, { address: "2001:db8:1:2:ffff::1" })
  assert.equal(same.code, "RATE_LIMITED")
  const other = await refusalOf(fixture, { address: "2001:db8:1:3::1" })
  assert.equal(other.code, "UNAUTHENTICATED")
})
