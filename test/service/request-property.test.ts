/**
 * Whatever approvers, strangers, pollers and the clock do in whatever order: nothing is executed
 * without its quorum, before its timelock, after its timeout, against a rejection, or twice.
 */

import assert from "node:assert/strict"
import { after, before, test } from "node:test"

import { HsmError } from "../../src/domain/errors.ts"
import { maintain } from "../../src/service/maintain.ts"
import type { RequestView } from "../../src/service/quorum-commands.ts"
import { cancelRequest, speakOnRequest } from "../../src/service/speak-request.ts"
import { seeded } from "../kill/load.ts"
import { newApprover, quorumOf, type TestApprover } from "../support/approvers.ts"
import { minute, requestFixture, wordOf, type RequestFixture } from "./request-fixture.ts"

/** All where nothing may be left out. */
const runs = process.env["KEYHOLD_LONG"] === "1" || process.env["CI"] === "true" ? 10_000 : 400
const stepsMax = 12
const timelockMs = 2 * minute
const timeoutMs = 10 * minute

let on: RequestFixture
let keys: readonly string[]
let approvers: readonly TestApprover[]
const mallory = newApprover("Mallory")

before(async () => {
  on = await requestFixture()
  approvers = [on.anna, on.bo, on.cleo]
  const times = [{}, { timelockMs }, { timeoutMs }, { timelockMs, timeoutMs }]
  keys = await Promise.all(times.map((one) => on.newKey({ use: quorumOf(2, approvers, one) })))
})
after(() => on.made.stack.cluster.remove())

/** What happened to one request, seen from outside. */
interface History {
  readonly view: RequestView
  readonly times: { readonly timelock: number; readonly timeout: number }
  readonly begun: number
  /** Accepted words, by approver. */
  readonly words: Map<string, "approval" | "rejection">
  /** When the second approval was accepted. */
  agreedAt: number | undefined
  ended: "cancelled" | undefined
  result: string | undefined
}

async function begin(index: number): Promise<History> {
  const view = await on.askToSign(keys[index] ?? "")
  return {
    view,
    times: {
      timelock: index % 2 === 1 ? timelockMs : 0,
      timeout: index >= 2 ? timeoutMs : Number.POSITIVE_INFINITY,
    },
    // The node's signed timestamp has whole seconds.
    begun: Math.floor(on.made.stack.clock.now() / 1_000) * 1_000,
    words: new Map(),
    agreedAt: undefined,
    ended: undefined,
    result: undefined,
  }
}

/** True when the words were taken; what is refused must be refused by name. */
async function isTaken(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    assert.ok(error instanceof HsmError, String(error))
    assert.match(error.code, /^(CONFLICT|MALFORMED_REQUEST|OPERATION_FORBIDDEN)$/)
    return false
  }
}

type Step = (one: History, other: History, pick: (count: number) => number) => Promise<void>

const steps: readonly Step[] = [
  (one, _other, pick) => say(one, approvers[pick(3)], "approval"),
  (one, _other, pick) => say(one, approvers[pick(3)], "approval"),
  (one, _other, pick) => say(one, approvers[pick(3)], pick(3) === 0 ? "rejection" : "approval"),
  async (one) => {
    const taken = await isTaken(() => on.speak(one.view, mallory))
    assert.ok(!taken, "a stranger's word was taken")
  },
  // What was said about another request of the same key.
  async (one, other, pick) => {
    const word = wordOf(other.view, approvers[pick(3)] ?? mallory)
    const replayed = { ...word, request: one.view.request.id }
    const taken = await isTaken(() =>
      speakOnRequest(on.made.stack.ports, on.made.as("approver"), replayed),
    )
    assert.ok(!taken, "another request's approval was taken")
  },
  async (one, _other, pick) => {
    if (pick(4) > 0) return
    const { ports } = on.made.stack
    const id = one.view.request.id
    if (await isTaken(() => cancelRequest(ports, on.made.as("user"), id))) one.ended = "cancelled"
  },
  async (_one, _other, pick) => {
    on.made.stack.clock.advance(pick(4) * minute + pick(60_000))
    if (pick(2) === 0) await maintain(on.made.stack.ports)
  },
  // Several poll at once.
  async (one) => {
    await maintain(on.made.stack.ports)
    await Promise.all([on.read(one.view), maintain(on.made.stack.ports), on.read(one.view)])
  },
]

async function say(
  one: History,
  who: TestApprover | undefined,
  word: "approval" | "rejection",
): Promise<void> {
  assert.ok(who !== undefined)
  if (!(await isTaken(() => on.speak(one.view, who, word)))) return
  assert.ok(!one.words.has(who.name), `${who.name} spoke twice`)
  one.words.set(who.name, word)
  const approvals = [...one.words.values()].filter((said) => said === "approval").length
  if (word === "approval" && approvals === 2) one.agreedAt = on.made.stack.clock.now()
}

async function check(one: History): Promise<void> {
  const { request } = await on.read(one.view)
  const now = on.made.stack.clock.now()
  if (request.state !== "executed") {
    assert.equal(one.result, undefined, "what was executed is executed")
    assert.equal(request.result, undefined, `a result of a request that is ${request.state}`)
    return
  }
  const { agreedAt, times, begun, ended } = one
  assert.ok(agreedAt !== undefined, "executed without a quorum")
  assert.ok(agreedAt <= begun + times.timeout, "executed though its quorum came too late")
  assert.ok(now >= begun + times.timelock, "executed before its timelock")
  assert.equal(ended, undefined, "executed though it was taken back")
  const result = JSON.stringify(request.result)
  one.result ??= result
  assert.equal(result, one.result, "executed twice: ECDSA never signs alike")
}

test(`${runs} seeded sequences: none executes without its quorum, or twice`, async () => {
  let executed = 0
  for (let seed = 1; seed <= runs; seed += 1) {
    const random = seeded(seed)
    const pick = (count: number): number => Math.floor(random() * count)
    const index = pick(keys.length)
    const [one, other] = [await begin(index), await begin(index)]
    try {
      for (let step = 0; step < stepsMax; step += 1) {
        await steps[pick(steps.length)]?.(one, other, pick)
        await check(one)
        await check(other)
      }
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
    if (one.result !== undefined) executed += 1
  }
  // A test in which nothing ever happens shows nothing.
  assert.ok(executed > runs / 5 && executed < runs, `${executed} of ${runs} were executed`)
})
