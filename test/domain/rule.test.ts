/**
 * The rule engine's truth table: every rule of up to three tokens, three groups and three keys,
 * with every set of approvals, compared with what the sentences of the documentation say.
 */

import assert from "node:assert/strict"
import { suite, test } from "node:test"

import { instant } from "../../src/domain/ids.ts"
import {
  approversOf,
  describeVerdict,
  judgeRule,
  lastMoment,
  tokensToDraw,
  type ApproverKey,
  type Group,
  type Rule,
  type RuleFacts,
  type RuleToken,
  type TokenVerdict,
} from "../../src/domain/rule.ts"

const names = ["a", "b", "c"] as const
const keys: readonly ApproverKey[] = names.map((name) => ({
  kind: "public-key",
  name,
  fingerprint: name,
  publicKey: new Uint8Array(),
}))

/** All subsets, the empty one included. */
function subsets<T>(all: readonly T[]): T[][] {
  return all.reduce<T[][]>((sets, one) => [...sets, ...sets.map((set) => [...set, one])], [[]])
}

/** Every group over up to three keys: which of them, and how many have to agree. */
const groups: readonly Group[] = subsets(keys).flatMap((approvers) =>
  approvers.map((_, index) => ({ name: "g", quorum: index + 1, approvers })),
)
const stamp = instant(1_000_000)
const untimed = { name: "t", timelockMs: 0, timeoutMs: 0 } as const

function facts(changed: Partial<RuleFacts>): RuleFacts {
  const none = new Set<never>()
  return {
    approvedBy: none,
    rejectedBy: none,
    stampedAt: stamp,
    now: stamp,
    timeSure: true,
    drawn: none,
    ...changed,
  }
}

/** Two bits per key: said nothing, agreed, rejected, both. */
const opinions = Array.from({ length: 4 ** names.length }, (_, code) => {
  const said = (bit: number) => names.filter((_, at) => ((code >> (2 * at)) & bit) !== 0)
  return { approvedBy: new Set<string>(said(1)), rejectedBy: new Set<string>(said(2)) }
})

/** What the documentation says of one group: `met`, `open`, `closed`. */
function groupSays(
  { quorum, approvers }: Group,
  { approvedBy, rejectedBy }: (typeof opinions)[number],
): string {
  let agreed = 0
  let possible = 0
  for (const { fingerprint } of approvers) {
    if (rejectedBy.has(fingerprint)) continue
    possible++
    if (approvedBy.has(fingerprint)) agreed++
  }
  if (possible < quorum) return "closed"
  return agreed >= quorum ? "met" : "open"
}

function tokenSays(all: readonly string[]): string {
  if (all.includes("closed")) return "closed"
  return all.includes("open") ? "open" : "met"
}

function ruleSays(all: readonly string[]): string {
  if (all.includes("met")) return "met"
  return all.includes("open") ? "pending" : "unreachable"
}

/** Lists of up to three of these, in any order, each order once. */
function* lists<T>(all: readonly T[]): Generator<T[]> {
  yield []
  for (const [at, one] of all.entries()) {
    yield [one]
    for (const [then, two] of all.slice(at).entries()) {
      yield [one, two]
      for (const three of all.slice(at + then)) yield [one, two, three]
    }
  }
}

suite("rules", () => {
  test("every group, and every token of up to three of them, says what it should", () => {
    assert.equal(groups.length, 12)
    let asked = 0
    for (const opinion of opinions) {
      const known = facts(opinion)
      for (const members of lists(groups)) {
        const rule: Rule = { tokens: [{ ...untimed, groups: members }] }
        const wanted = ruleSays([tokenSays(members.map((group) => groupSays(group, opinion)))])
        const { outcome } = judgeRule(rule, known)
        if (outcome !== wanted) assert.fail(JSON.stringify({ rule, wanted, outcome }))
        asked++
      }
    }
    assert.equal(asked, 64 * (1 + 12 + 78 + 364))
  })

  test("every rule of up to three tokens, each of up to three groups, says what it should", () => {
    // Tokens that answer every set of opinions alike are one: what is left are all that differ.
    const tokens = distinctTokens()
    let asked = 0
    for (const members of lists(tokens)) {
      const rule: Rule = { tokens: members.map(({ token }) => token) }
      for (const [at, opinion] of opinions.entries()) {
        const wanted = ruleSays(members.map(({ says }) => says[at] ?? ""))
        const { outcome } = judgeRule(rule, facts(opinion))
        if (outcome !== wanted) assert.fail(JSON.stringify({ rule, wanted, outcome }))
        asked++
      }
    }
    // All monotone functions of three keys but the one that nothing fulfils: Dedekind's 20 less 1.
    assert.equal(tokens.length, 19)
    assert.equal(asked, 64 * (1 + 19 + 190 + 1330))
  })

  test("a rule that is absent asks nobody, one without tokens never allows anything", () => {
    assert.deepEqual(judgeRule(undefined, facts({})), { outcome: "met", token: undefined })
    assert.deepEqual(judgeRule({ tokens: [] }, facts({})), { outcome: "unreachable", tokens: [] })
    assert.equal(judgeRule({ tokens: [{ ...untimed, groups: [] }] }, facts({})).outcome, "met")
  })

  test("the first token that is met decides", () => {
    const [needsA, free] = [token({ groups: [group(1, "a")] }), token({})]
    const verdict = judgeRule({ tokens: [needsA, free, free] }, facts({}))
    assert.deepEqual(verdict, { outcome: "met", token: 1 })
  })

  test("names decide nothing: an approver of the same name with another key counts nothing", () => {
    const other = {
      ...group(1, "a"),
      approvers: keys.slice(0, 1).map((one) => ({ ...one, fingerprint: "x" })),
    }
    const verdict = judgeRule({ tokens: [token({ groups: [other] })] }, facts(agreed("a")))
    assert.equal(verdict.outcome, "pending")
  })
})

function token(changed: Partial<RuleToken>): RuleToken {
  return { ...untimed, groups: [], ...changed }
}

function group(quorum: number, ...members: string[]): Group {
  return { name: "g", quorum, approvers: keys.filter(({ name }) => members.includes(name)) }
}

function agreed(...by: string[]): Partial<RuleFacts> {
  return { approvedBy: new Set(by) }
}

/** One token for each way to answer all opinions. */
function distinctTokens(): { token: RuleToken; says: string[] }[] {
  const found = new Map<string, { token: RuleToken; says: string[] }>()
  for (const members of lists(groups)) {
    const says = opinions.map((one) => tokenSays(members.map((group) => groupSays(group, one))))
    const key = says.join()
    if (!found.has(key)) found.set(key, { token: { ...untimed, groups: members }, says })
  }
  return [...found.values()]
}

const minute = 60_000
const both: Partial<RuleFacts> = agreed("a")

// Timelock and timeout in minutes, when it is asked, and what is known; what the token says.
const times: readonly (readonly [
  lock: number,
  end: number,
  afterMs: number,
  known: Partial<RuleFacts>,
  wanted: TokenVerdict,
])[] = [
  [0, 0, 0, both, { state: "met" }],
  [0, 0, 1e12, both, { state: "met" }],
  [2, 0, 0, both, { state: "waiting", until: instant(stamp + 2 * minute) }],
  [2, 0, 2 * minute - 1, both, { state: "waiting", until: instant(stamp + 2 * minute) }],
  [2, 0, 2 * minute, both, { state: "met" }],
  [0, 3, 3 * minute, both, { state: "met" }],
  [0, 3, 3 * minute + 1, both, { state: "closed", why: "timeout" }],
  [2, 3, 2 * minute, both, { state: "met" }],
  [2, 3, 3 * minute + 1, both, { state: "closed", why: "timeout" }],
  [2, 2, 2 * minute - 1, both, { state: "waiting", until: instant(stamp + 2 * minute) }],
  [2, 2, 2 * minute + 1, both, { state: "closed", why: "timeout" }],
  [0, 3, 0, {}, { state: "open", missing: [{ group: "g", approvals: 1 }] }],
  [2, 3, 0, {}, { state: "open", missing: [{ group: "g", approvals: 1 }] }],
  [0, 3, 3 * minute + 1, {}, { state: "closed", why: "timeout" }],
  // Without a timestamp nothing can be counted: it takes a request.
  [0, 3, 0, { ...both, stampedAt: undefined }, { state: "open", missing: [] }],
  [2, 0, 1e12, { ...both, stampedAt: undefined }, { state: "open", missing: [] }],
  [0, 0, 0, { ...both, stampedAt: undefined }, { state: "met" }],
  // A clock in doubt: timelocks stop, and nothing counts as too late.
  [0, 0, 0, { ...both, timeSure: false }, { state: "met" }],
  [2, 0, 2 * minute, { ...both, timeSure: false }, { state: "waiting" }],
  [0, 3, 0, { ...both, timeSure: false }, { state: "waiting" }],
  [0, 3, 4 * minute, { ...both, timeSure: false }, { state: "waiting" }],
  [0, 0, 0, { ...both, rejectedBy: new Set(["a"]) }, { state: "closed", why: "rejected" }],
]

for (const [lock, end, afterMs, known, wanted] of times) {
  const said = "why" in wanted ? `${wanted.state} by ${wanted.why}` : wanted.state
  const about = JSON.stringify({ lock, end, afterMs, known }, (_, value: unknown) =>
    value instanceof Set ? [...value] : value,
  )
  test(`a token is ${said} with ${about}`, () => {
    const one = token({
      timelockMs: lock * minute,
      timeoutMs: end * minute,
      groups: [group(1, "a")],
    })
    const verdict = judgeRule({ tokens: [one] }, facts({ now: instant(stamp + afterMs), ...known }))
    if (wanted.state === "met") assert.deepEqual(verdict, { outcome: "met", token: 0 })
    else assert.deepEqual(verdict.outcome === "met" ? "met" : verdict.tokens, [wanted])
    assert.equal(verdict.outcome === "unreachable", wanted.state === "closed")
  })
}

const factsAt = (text: string) => facts({ now: instant(Date.parse(text)) })

test("hours bind a token to the clocks of its place, and to a clock that is sure", () => {
  const office = { days: ["Mon"], from: 8 * 60, to: 18 * 60, timeZone: "Europe/Zurich" } as const
  const rule: Rule = { tokens: [token({ hours: [office] })] }
  const cases: readonly (readonly [string, string])[] = [
    ["2026-11-23T07:00:00Z", "met"], // A Monday in winter: one hour ahead of UTC.
    ["2026-11-23T06:59:59Z", "pending"],
    ["2026-11-23T16:59:59Z", "met"],
    ["2026-11-23T17:00:00Z", "pending"],
    ["2026-07-20T06:00:00Z", "met"], // In summer, two hours.
    ["2026-07-20T05:59:59Z", "pending"],
    ["2026-11-24T10:00:00Z", "pending"], // A Tuesday.
    ["2026-11-22T23:30:00Z", "pending"], // Monday there, and still night.
  ]
  for (const [when, wanted] of cases)
    assert.equal(judgeRule(rule, factsAt(when)).outcome, wanted, when)
  const doubtful = { ...factsAt("2026-11-23T10:00:00Z"), timeSure: false }
  assert.equal(judgeRule(rule, doubtful).outcome, "pending")
})

test("a token with a budget is met only when it was drawn from", () => {
  const budget = { operations: 1, periodMs: minute }
  const rule: Rule = {
    tokens: [token({ budget, groups: [group(1, "a")] }), token({ budget })],
  }
  assert.deepEqual(tokensToDraw(rule, facts({})), [1])
  assert.deepEqual(tokensToDraw(rule, facts(agreed("a"))), [0, 1])
  assert.equal(judgeRule(rule, facts({})).outcome, "pending")
  assert.deepEqual(judgeRule(rule, facts({ drawn: new Set([1]) })), { outcome: "met", token: 1 })
  assert.equal(judgeRule(rule, facts({ drawn: new Set([0]) })).outcome, "pending")
  const free: Rule = { tokens: [...rule.tokens, token({})] }
  assert.deepEqual(tokensToDraw(free, facts({})), [])
})

test("every approver is listed once, and a rule says when its last token ends", () => {
  const rule: Rule = {
    tokens: [
      token({ timeoutMs: minute, groups: [group(1, "a", "b")] }),
      token({ timeoutMs: 3 * minute, groups: [group(1, "b"), group(1, "c")] }),
    ],
  }
  assert.deepEqual(
    approversOf(rule).map(({ name }) => name),
    ["a", "b", "c"],
  )
  assert.equal(lastMoment(rule, stamp), stamp + 3 * minute)
  assert.equal(lastMoment({ tokens: [...rule.tokens, token({})] }, stamp), undefined)
  assert.deepEqual(approversOf(undefined), [])
})

test("what stands in the way is said in words", () => {
  const rule: Rule = {
    tokens: [token({ groups: [group(2, "a", "b")] }), token({ timelockMs: minute })],
  }
  const waits = describeVerdict(judgeRule(rule, facts({})))
  assert.equal(waits, "2 of g; or its timelock still runs")
  const never = describeVerdict(judgeRule({ tokens: [] }, facts({})))
  assert.equal(never, "the key's rule never allows this")
})
