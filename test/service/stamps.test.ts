/** Stamps: good once, for a time, whatever becomes of clock, key and store. */

import assert from "node:assert/strict"
import { after, before, mock, test } from "node:test"
import { setTimeout } from "node:timers/promises"

import { limits } from "../../src/domain/limits.ts"
import { paths } from "../../src/records/kinds.ts"
import { createKey } from "../../src/service/create-key.ts"
import { deleteKey } from "../../src/service/delete-key.ts"
import { maintain } from "../../src/service/maintain.ts"
import { describeKey } from "../../src/service/read-key.ts"
import { rotateKey } from "../../src/service/rotate-key.ts"
import { setKeyRules } from "../../src/service/smart-key.ts"
import { stampCall } from "../../src/service/stamp-call.ts"
import type { Write } from "../../src/store/store.ts"
import { quorumOf } from "../support/approvers.ts"
import { callFixture, notThis, signing, used, type CallFixture } from "./call-fixture.ts"
import { minute } from "./request-fixture.ts"

let on: CallFixture
before(async () => {
  on = await callFixture()
})
after(() => on.made.stack.cluster.remove())

test("two calls at once with the same approvals: one has the result", async () => {
  const asked = await on.ready(signing(await on.twoOfThree()))
  const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => on.call(asked)))
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1)
  for (const one of outcomes)
    if (one.status === "rejected") assert.match(String(one.reason), /used/)
})

test("many calls at once share commits, and each is done once", async () => {
  const key = await on.twoOfThree()
  const all = await Promise.all(Array.from({ length: 40 }, () => on.ready(signing(key))))
  const { rev: before } = await on.ports.records.store.get([])
  await Promise.all(all.map((one) => on.call(one)))
  const { rev: after } = await on.ports.records.store.get([])
  assert.ok(after - before < 20, `${after - before} commits for ${all.length} calls`)
  const again = await Promise.allSettled(all.map((one) => on.call(one)))
  assert.ok(again.every(({ status }) => status === "rejected"))
})

test("a use shares the commit of those whose records the log is writing", async () => {
  const { stamps, records } = on.ports
  const { partition } = on.made
  const stamp = () => stamps.give(partition, minute, on.made.stack.clock.now())
  const rev = async () => (await records.store.get([])).rev
  const [first, second, third] = [await stamp(), await stamp(), await stamp()]
  const record = Promise.withResolvers<undefined>()
  const before = await rev()
  using early = await stamps.unused(partition, first, Promise.resolve())
  using late = await stamps.unused(partition, second, record.promise)
  using refused = await stamps.unused(partition, third, Promise.reject(new Error("the log")))
  const use = early.use()
  await setTimeout(20)
  assert.equal(await rev(), before)
  record.resolve(undefined)
  await record.promise
  await Promise.all([use, late.use()])
  assert.equal(await rev(), before + 1)
  await refused.use() // Nobody else's failure is in its way.
  await assert.rejects(stamps.unused(partition, first, record.promise), used)
})

test("who has given up the use of his stamp holds nobody up, and still can use it", async () => {
  const { stamps } = on.ports
  const { partition } = on.made
  const stamp = () => stamps.give(partition, minute, on.made.stack.clock.now())
  const [mine, other] = [await stamp(), await stamp()]
  const { promise: never } = Promise.withResolvers<undefined>()
  {
    using _ = await stamps.unused(partition, other, never)
  }
  using usable = await stamps.unused(partition, mine, never)
  await usable.use()
  using again = await stamps.unused(partition, other, never)
  await again.use()
})

test("a timelock counts from the stamp, and who is too early uses nothing up", async () => {
  const key = await on.twoOfThree({ timelockMs: 10 * minute, timeoutMs: 20 * minute })
  const asked = await on.ready(signing(key))
  await assert.rejects(on.call(asked), { code: "APPROVAL_REQUIRED", message: /timelock/ })
  on.made.stack.clock.advance(10 * minute)
  assert.ok(await on.isSigned(key, (await on.call(asked)).result))
})

test("after the rule's timeout, or the stamp's own life, it is too late", async () => {
  const brief = await on.ready(signing(await on.twoOfThree({ timeoutMs: 5 * minute })))
  const lasting = await on.ready(signing(await on.twoOfThree()), 10 * minute)
  on.made.stack.clock.advance(5 * minute + 1)
  await assert.rejects(on.call(brief), { code: "CONFLICT", message: /too late/ })
  on.made.stack.clock.advance(5 * minute)
  await assert.rejects(on.call(lasting), { code: "CONFLICT", message: /too late/ })
})

test("while the clock is in doubt nothing is stamped, and no call is made", async () => {
  const asked = await on.ready(signing(await on.twoOfThree()))
  on.made.stack.clock.sure = false
  try {
    await assert.rejects(on.stamp(asked.asked), { code: "CONFLICT" })
    await assert.rejects(on.call(asked), { code: "CONFLICT", message: /clock/ })
  } finally {
    on.made.stack.clock.sure = true
  }
  await on.call(asked)
})

test("after an approver has been taken out of the rule, no approval counts", async () => {
  const key = await on.twoOfThree()
  const asked = await on.ready(signing(key))
  const rules = { use: quorumOf(2, [on.bo, on.cleo]) }
  await setKeyRules(on.ports, on.made.as("manager"), { key, rules })
  await assert.rejects(on.call(asked), notThis)
})

test("another key under the old name, or a new version of it, is another key", async () => {
  const rules = { use: quorumOf(2, [on.anna, on.bo]) }
  const template = { name: "reused", algorithm: "EC_P256", rules } as const
  const manager = on.made.as("manager")
  const old = await createKey(on.ports, manager, template)
  const asked = await on.ready(signing("reused"))
  const alike = await on.ready(signing("reused"))
  await on.call(alike)
  await rotateKey(on.ports, manager, { key: old.id })
  await assert.rejects(on.call(asked), notThis, "a new version")
  const before = await on.ready(signing("reused"))
  await deleteKey(on.ports, manager, { key: old.id, windowMs: 0 })
  await createKey(on.ports, manager, template)
  await assert.rejects(on.call(before), notThis, "a new key")
})

test("what changes a key and the use of its approvals are one commit", async () => {
  const key = await on.newKey({ block: quorumOf(2, [on.anna, on.bo]) })
  const asked = await on.ready({ operation: "key.block", parameters: { key } })
  const outcomes = await Promise.allSettled([on.call(asked), on.call(asked)])
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1)
  assert.equal((await describeKey(on.ports, on.user, { key })).smart?.blocked, true)
})

test("where nobody has to be asked, nothing is stamped", async () => {
  const refusal = { code: "MALFORMED_REQUEST", detail: { field: "/asked" } }
  const plain = await createKey(on.ports, on.made.as("manager"), {
    name: "plain",
    algorithm: "EC_P256",
  })
  await assert.rejects(on.stamp(signing(plain.id)), refusal)
  await assert.rejects(on.stamp(signing(await on.newKey({}))), refusal)
  const never = await on.newKey({ use: { tokens: [] } })
  await assert.rejects(on.stamp(signing(never)), { code: "OPERATION_FORBIDDEN" })
  const auditor = on.made.as("auditor")
  await assert.rejects(stampCall(on.ports, auditor, { asked: signing(never) }), {
    code: "OPERATION_FORBIDDEN",
    detail: { rule: "role" },
  })
})

test("a commit whose fate is unknown lets no result out", async () => {
  const asked = await on.ready(signing(await on.twoOfThree()))
  const gone = mock.method(on.ports.records, "commit", () =>
    Promise.reject(new Error("the store is gone")),
  )
  try {
    await assert.rejects(on.call(asked), /the store is gone/)
  } finally {
    gone.mock.restore()
  }
})

/** Writes to the store behind the node's back. */
async function attack(writes: readonly Write[]): Promise<void> {
  await on.ports.records.store.commit({ opId: `attack-${Math.random()}`, when: [], then: writes })
}

const blockRows = async () =>
  (
    await on.ports.records.store.scan(paths.records(on.made.partition, "stamp-block"), {
      limit: 99,
    })
  ).entries

test("a store that puts rows back or takes them away has nothing done twice", async () => {
  const asked = await on.ready(signing(await on.twoOfThree()), 2 * 60 * minute)
  const waiting = await on.ready(signing(await on.twoOfThree()), 2 * 60 * minute)
  const before = await blockRows()
  await on.call(asked)
  const after = await blockRows()
  await attack(before.map(({ key, value }) => ({ put: key, value })))
  await assert.rejects(on.call(asked), { code: "TAMPERED" })
  await attack(before.map(({ key }) => ({ del: key })))
  await assert.rejects(on.call(asked), used)
  await assert.rejects(on.call(waiting), used, "a stamp that is not known is not good")
  await attack(after.map(({ key, value }) => ({ put: key, value })))
  await assert.rejects(on.call(asked), used)
  await on.call(waiting)
})

test("stamps are forgotten when they have expired, and do not come back", async () => {
  const lifeMs = limits.stampLivesMs.at(-1)
  assert.ok(lifeMs !== undefined)
  await on.ready(signing(await on.twoOfThree()), lifeMs)
  const rows = await blockRows()
  assert.ok(rows.length > 0)
  on.made.stack.clock.advance(limits.stampBlockOpenMs + lifeMs)
  await maintain(on.ports)
  assert.notDeepEqual(await blockRows(), [], "at its last moment a stamp is still good")
  on.made.stack.clock.advance(1)
  await maintain(on.ports)
  assert.deepEqual(await blockRows(), [])
  await attack(rows.map(({ key, value }) => ({ put: key, value })))
  const listed = on.ports.records.list("stamp-block", on.made.partition, { limit: 9 })
  await assert.rejects(listed, { code: "TAMPERED" })
})
