/** Budgets of rules: never more than they say, whoever draws, crashes, or sets the clock. */
import assert from "node:assert/strict"
import { test } from "node:test"

import { HsmError } from "../../src/domain/errors.ts"
import type { Budget } from "../../src/domain/rule.ts"
import { createKey } from "../../src/service/create-key.ts"
import { explainDecision } from "../../src/service/explain.ts"
import { makeRequest } from "../../src/service/make-request.ts"
import { setKeyRules } from "../../src/service/smart-key.ts"
import { sign } from "../../src/service/sign.ts"
import { speakOnRequest } from "../../src/service/speak-request.ts"
import { newApprover, quorumOf } from "../support/approvers.ts"
import { openMemoryStore } from "../../src/store/memory/memory-store.ts"
import { contextOf, foundCluster, newPartition, openCluster, type Stack } from "../support/stack.ts"
import { wordOf } from "./request-fixture.ts"

const hour = 3_600_000
const message = Buffer.from("pay 100 to Dora")
const anna = newApprover("Anna")

const withBudget = (budget: Budget) => ({
  use: {
    tokens: [
      { name: "small", timelockMs: 0, timeoutMs: 0, groups: [], budget },
      ...quorumOf(1, [anna]).tokens,
    ],
  },
})

/** A key of a fresh partition, and how one signs with it. */
async function keyWith(stack: Stack, budget: Budget) {
  const partition = await newPartition(stack, `p-${Math.random().toString(36).slice(2)}`)
  const as = (role: "user" | "manager") => contextOf(role, partition)
  const template = { name: "pay", algorithm: "EC_P256", rules: withBudget(budget) } as const
  const { id } = await createKey(stack.ports, as("manager"), template)
  const use = (on: Stack = stack, change: Partial<{ message: Uint8Array; dryRun: true }> = {}) => {
    const { dryRun, ...command } = change
    const context = dryRun === undefined ? as("user") : { ...as("user"), dryRun }
    return codeOf(sign(on.ports, context, { key: id, message, ...command }))
  }
  return { id, as, use }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return "done"
  } catch (error) {
    return error instanceof HsmError ? error.code : String(error)
  }
}

async function onStack(run: (stack: Stack, again: () => Promise<Stack>) => Promise<void>) {
  const cluster = await foundCluster()
  const open: Stack[] = [await openCluster(cluster)]
  try {
    const [stack] = open
    assert.ok(stack !== undefined)
    await run(stack, async () => {
      const next = await openCluster(cluster)
      open.push(next)
      return next
    })
  } finally {
    for (const one of open) await one.stop().catch(() => {})
    await cluster.remove()
  }
}

const times = (count: number) => Array.from({ length: count }, (_, index) => index)
const done = (codes: readonly string[]) => codes.filter((code) => code === "done").length

test("so many operations pass in a period without anybody; then somebody is asked", () =>
  onStack(async (stack) => {
    const { use } = await keyWith(stack, { operations: 3, periodMs: hour })
    const codes = []
    for (const _ of times(5)) codes.push(await use())
    assert.deepEqual(codes, ["done", "done", "done", "APPROVAL_REQUIRED", "APPROVAL_REQUIRED"])
    stack.clock.advance(hour)
    assert.equal(await use(), "done", "the next period begins")
  }))

test("of many at the same moment no more pass than the budget has", () =>
  onStack(async (stack) => {
    for (const operations of [1, 7, 250]) {
      const { use } = await keyWith(stack, { operations, periodMs: hour })
      const codes = await Promise.all(times(operations + 20).map(() => use()))
      assert.equal(done(codes), operations)
      assert.deepEqual(new Set(codes), new Set(["done", "APPROVAL_REQUIRED"]))
    }
  }))

test("two nodes on one store never draw more together", async () => {
  const store = openMemoryStore()
  const cluster = await foundCluster(store)
  const [one, other] = [
    await openCluster(cluster, { store }),
    await openCluster(cluster, { store }),
  ]
  const { use } = await keyWith(one, { operations: 25, periodMs: hour })
  const codes = await Promise.all(times(60).map((at) => use(at % 2 === 0 ? one : other)))
  assert.equal(done(codes), 25, codes.join())
  assert.ok(
    codes.every((code) => code === "done" || code === "APPROVAL_REQUIRED"),
    codes.join(),
  )
  await Promise.all([one.stop(), other.stop()])
  await cluster.remove()
})

test("what a crash had leased is forfeited, and never given twice", () =>
  onStack(async (stack, again) => {
    const { use } = await keyWith(stack, { operations: 1_000, periodMs: hour })
    assert.equal(await use(), "done")
    let drawn = 1
    let node = stack
    // Each life leases a hundredth, and draws one of it.
    for (const _ of times(120)) {
      await node.stop()
      node = await again()
      if ((await use(node)) !== "done") break
      drawn++
    }
    assert.equal(drawn, 100)
  }))

test("bytes are counted of all that an operation works on", () =>
  onStack(async (stack) => {
    const { use } = await keyWith(stack, { bytes: 100, periodMs: hour })
    assert.equal(await use(stack, { message: Buffer.alloc(60) }), "done")
    assert.equal(await use(stack, { message: Buffer.alloc(41) }), "APPROVAL_REQUIRED")
    assert.equal(await use(stack, { message: Buffer.alloc(40) }), "done")
    assert.equal(await use(stack, { message: Buffer.alloc(1) }), "APPROVAL_REQUIRED")
  }))

test("nothing is drawn for a dry run, an explanation, a denial, or a clock in doubt", () =>
  onStack(async (stack) => {
    const { id, as, use } = await keyWith(stack, { operations: 1, periodMs: hour })
    const explained = async () => {
      const asked = { operation: "key.sign", key: id } as const
      const { rules } = await explainDecision(stack.ports, as("user"), asked)
      return rules.find(({ rule }) => rule === "approvals")?.allows
    }
    assert.equal(await explained(), true)
    await use(stack, { dryRun: true })
    const denied = sign(stack.ports, as("manager"), { key: id, message })
    assert.equal(await codeOf(denied), "OPERATION_FORBIDDEN")
    stack.clock.sure = false
    assert.equal(await use(), "APPROVAL_REQUIRED")
    stack.clock.sure = true
    assert.equal(await use(), "done")
    assert.equal(await explained(), false)
  }))

test("a clock set back finds no budget in a period that is over", () =>
  onStack(async (stack) => {
    const { use } = await keyWith(stack, { operations: 1, periodMs: hour })
    assert.equal(await use(), "done")
    stack.clock.advance(hour)
    assert.equal(await use(), "done")
    stack.clock.advance(-hour)
    assert.equal(await use(), "APPROVAL_REQUIRED")
  }))

test("the other token still works, and new rules begin with a whole budget", () =>
  onStack(async (stack) => {
    const { id, as, use } = await keyWith(stack, { operations: 1, periodMs: hour })
    assert.deepEqual([await use(), await use()], ["done", "APPROVAL_REQUIRED"])
    const asked = { operation: "key.sign", parameters: { key: id, message } } as const
    const view = await makeRequest(stack.ports, as("user"), { asked })
    const approver = {
      ...as("user"),
      caller: { ...as("user").caller, roles: ["approver"] as const },
    }
    const spoken = await speakOnRequest(stack.ports, approver, wordOf(view, anna))
    assert.equal(spoken.request.state, "executed")
    const rules = withBudget({ operations: 1, periodMs: hour })
    await setKeyRules(stack.ports, as("manager"), { key: id, rules })
    assert.equal(await use(), "APPROVAL_REQUIRED", "the same rules have the same budget")
    const more = withBudget({ operations: 2, periodMs: hour })
    await setKeyRules(stack.ports, as("manager"), { key: id, rules: more })
    assert.deepEqual([await use(), await use(), await use()], ["done", "done", "APPROVAL_REQUIRED"])
  }))

test("budgets stand in a key's rule for use alone, and have bounds", () =>
  onStack(async (stack) => {
    const { id, as } = await keyWith(stack, { operations: 1, periodMs: hour })
    const { use } = withBudget({ operations: 1, periodMs: hour })
    for (const rules of [
      { modify: use },
      withBudget({ periodMs: hour }),
      withBudget({ operations: 1, periodMs: 1_000 }),
      withBudget({ operations: 1, periodMs: 400 * 24 * hour }),
    ]) {
      const set = setKeyRules(stack.ports, as("manager"), { key: id, rules })
      assert.equal(await codeOf(set), "MALFORMED_REQUEST")
    }
  }))
