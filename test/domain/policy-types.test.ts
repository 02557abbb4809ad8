/** What must not compile; tsc fails on an `@ts-expect-error` that has nothing to expect. */

import assert from "node:assert/strict"
import { test } from "node:test"

import * as policy from "../../src/domain/policy.ts"
import type { Permit } from "../../src/domain/policy.ts"
import { instant } from "../../src/domain/ids.ts"

test("nobody but decide makes a permit", () => {
  const look = { covers: () => true, revision: 1, expiresAt: instant(0) }
  // @ts-expect-error Private fields make the class nominal: a look-alike is none.
  const forged: Permit = look
  // @ts-expect-error The class is exported as a type alone.
  const made: unknown = policy.Permit
  assert.ok(forged.covers({ operation: "key.sign", keyId: "" as never }))
  assert.equal(made, undefined)
})

function prolong(permit: Permit): void {
  // @ts-expect-error Read-only.
  permit.expiresAt = instant(0)
}

test("a permit's end does not move", () => {
  assert.equal(typeof prolong, "function")
})
