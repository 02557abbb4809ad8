import assert from "node:assert/strict"
import { test } from "node:test"

import * as fc from "fast-check"

import { keyStates, type KeyRecord, type KeyState } from "../../src/domain/key.ts"
import type { KmsGrant } from "../../src/domain/kms-grant.ts"
import { limits } from "../../src/domain/limits.ts"
import { operations, parseOperation } from "../../src/domain/operation.ts"
import { defaultFlags, type PartitionFlags } from "../../src/domain/partition.ts"
import { decide, explain, ruleIds, type Permit, type Question } from "../../src/domain/policy.ts"
import { matchesPattern, roles, type Grant, type Role } from "../../src/domain/principal.ts"
import { ask, caller, id, key, partition } from "./policy-fixture.ts"
import { rows, type Row } from "./policy-table.ts"

const roleLetters = {
  u: "user",
  m: "manager",
  p: "approver",
  a: "auditor",
  o: "officer",
} as const
const letters: Record<string, Role> = { ...roleLetters, O: "operator", C: "cluster-officer" }
const stateLetters: Record<KeyState, string> = {
  active: "A",
  disabled: "D",
  "awaiting-material": "M",
  deleting: "W",
  invalidated: "I",
  destroyed: "X",
}
const yesNo = [true, false]

/** `allowed`, or the rule that denies and its code. */
function outcome(question: Question): string {
  const decision = decide(question)
  return decision.outcome === "allowed" ? "allowed" : `${decision.rule}: ${decision.code}`
}

/** One situation: everything that the table has a column for. */
interface Situation {
  readonly role: Role
  readonly state: KeyState
  readonly blocked: boolean
  readonly readOnly: boolean
  readonly flag: boolean
  readonly usage: boolean
  readonly attribute: boolean
  readonly withinRate: boolean
}

function* situations(): Generator<Situation> {
  for (const role of roles)
    for (const state of keyStates)
      for (const blocked of yesNo)
        for (const readOnly of yesNo)
          for (const flag of yesNo)
            for (const usage of yesNo)
              for (const attribute of yesNo)
                for (const withinRate of yesNo)
                  yield { role, state, blocked, readOnly, flag, usage, attribute, withinRate }
}

/** What the table says: the first obstacle in the order of the rules. */
function expected({ roles: may, states, flag, usage, attribute, also }: Row, on: Situation) {
  const hasKey = states !== "-"
  const inState = !hasKey || states === "any" || states.includes(stateLetters[on.state])
  const obstacles: readonly (readonly [boolean, string])[] = [
    [!may.split("").some((letter) => letters[letter] === on.role), "role: OPERATION_FORBIDDEN"],
    [on.blocked && !also.includes("blocked"), "partition-active: OPERATION_FORBIDDEN"],
    [on.readOnly && !also.includes("frozen"), "read-only: OPERATION_FORBIDDEN"],
    [flag !== "-" && !on.flag, "flag: OPERATION_FORBIDDEN"],
    [!inState, "key-state: KEY_STATE"],
    [usage !== "-" && !on.usage, "usage: OPERATION_FORBIDDEN"],
    [attribute !== "-" && !on.attribute, "attribute: OPERATION_FORBIDDEN"],
    [also.includes("rate") && !on.withinRate, "rate: RATE_LIMITED"],
  ]
  return obstacles.find(([stands]) => stands)?.[1] ?? "allowed"
}

const himself = {
  arn: "",
  meant: { kind: "one", partition: partition.id, subject: caller.subject },
} as const
const hisGrant: KmsGrant = {
  id: "",
  grantee: himself,
  retiring: himself,
  operations: [],
  createdAt: key.createdAt,
}

const facts = { actions: ["retiregrant"], values: {}, unknown: [], encryptionContext: {} }
const told = { ...facts, account: "", arn: "", isWithin: () => false }
const access = { policy: undefined, grants: [hisGrant], facts: told }

function toQuestion(row: Row, on: Situation): Question {
  const operation = parseOperation(row.operation)
  assert.ok(operation !== undefined, row.operation)
  const all = Object.fromEntries(Object.keys(defaultFlags).map((name) => [name, true]))
  const flags = { ...all, readOnly: on.readOnly, [row.flag]: on.flag } as unknown as PartitionFlags
  const usages = key.attributes.usages.filter((usage) => on.usage || usage !== row.usage)
  const attributes = { ...key.attributes, usages, [row.attribute]: on.attribute }
  return ask({
    operation,
    caller: { ...caller, roles: [on.role] },
    partition: { ...partition, flags, state: on.blocked ? "blocked" : "active" },
    key: row.states === "-" ? undefined : { ...key, state: on.state, attributes },
    withinRate: on.withinRate,
    // Whose it is to retire is test/domain/kms-grant.test.ts's.
    ...(row.operation === "grant.retire" ? { grant: hisGrant, access } : {}),
  })
}

test("the table names every operation", () => {
  assert.deepEqual(
    rows.map(({ operation }) => operation).toSorted(),
    Object.keys(operations).toSorted(),
  )
})

for (const row of rows) {
  test(`${row.operation} is decided as the table says, in every situation`, () => {
    let allowed = 0
    for (const on of situations()) {
      const wanted = expected(row, on)
      assert.equal(outcome(toQuestion(row, on)), wanted, JSON.stringify(on))
      if (wanted === "allowed") allowed++
    }
    assert.ok(allowed > 0, "somebody may do it at some time")
  })
}

const ec: KeyRecord = { ...key, algorithm: "EC_P256" }
const publicOnly = { ...key, versions: [{ ...key.versions.at(-1), hasSecret: false }] } as KeyRecord
const foreign = { ...key, partition: id("3") } as KeyRecord
const withFlags = (flags: Partial<PartitionFlags>) => ({
  ...partition,
  flags: { ...defaultFlags, ...flags },
})
const withGrants = (...grants: readonly Grant[]) => ({ ...caller, grants })

// What one rule of its own decides: each denial beside the twin that is allowed.
const details: readonly (readonly [string, Partial<Question>, string])[] = [
  ["a key that is not there", { key: undefined }, "key-exists: KEY_NOT_FOUND"],
  ["another partition's key", { key: foreign }, "key-exists: KEY_NOT_FOUND"],
  [
    "another partition's key for someone without any role",
    { key: foreign, caller: { ...caller, roles: [] } },
    "key-exists: KEY_NOT_FOUND",
  ],
  ["a key that is there", {}, "allowed"],
  ["a mechanism of the key", { mechanism: "AES_GCM" }, "allowed"],
  [
    "a mechanism of another algorithm",
    { key: ec, mechanism: "AES_GCM" },
    "mechanism: OPERATION_FORBIDDEN",
  ],
  [
    "a mechanism of the key that does another thing",
    { mechanism: "AES_KWP" },
    "mechanism: OPERATION_FORBIDDEN",
  ],
  ["the current version", { version: 3 }, "allowed"],
  ["the minimum version", { version: 2 }, "allowed"],
  ["a version below the minimum", { version: 1 }, "version: KEY_STATE"],
  ["a version that is not there", { version: 4 }, "version: KEY_STATE"],
  ["an IV of the caller's", { externalIv: true }, "external-iv: OPERATION_FORBIDDEN"],
  [
    "an IV of the caller's where that is allowed",
    { externalIv: true, partition: withFlags({ externalIv: true }) },
    "allowed",
  ],
  ["destruction without a window", { immediate: true }, "allowed"],
  [
    "destruction without a window where that is forbidden",
    { immediate: true, partition: withFlags({ immediateDestruction: false }) },
    "immediate: OPERATION_FORBIDDEN",
  ],
  [
    "signing with a public key",
    { operation: "key.sign", key: publicOnly },
    "secret-half: OPERATION_FORBIDDEN",
  ],
  [
    "decrypting with a public key",
    { operation: "key.decrypt", key: publicOnly },
    "secret-half: OPERATION_FORBIDDEN",
  ],
  ["verifying with a public key", { operation: "key.verify", key: publicOnly }, "allowed"],
  [
    "exporting a sensitive key",
    {
      operation: "key.export-plain",
      partition: withFlags({ plainExport: true }),
      key: { ...key, attributes: { ...key.attributes, sensitive: true } },
    },
    "sensitive: OPERATION_FORBIDDEN",
  ],
  [
    "exporting a key that is not sensitive",
    { operation: "key.export-plain", partition: withFlags({ plainExport: true }) },
    "allowed",
  ],
  [
    "wrapping out a sensitive key",
    {
      operation: "key.export-wrapped",
      partition: withFlags({ wrappedExport: true }),
      key: { ...key, attributes: { ...key.attributes, sensitive: true } },
    },
    "allowed",
  ],
  [
    "the last key of the quota",
    { operation: "key.create", key: undefined, keyCount: limits.keysPerPartitionDefault - 1 },
    "allowed",
  ],
  [
    "a key beyond the quota",
    { operation: "key.create", key: undefined, keyCount: limits.keysPerPartitionDefault },
    "key-quota: QUOTA_EXCEEDED",
  ],
  ["a grant by id", { caller: withGrants({ keyIds: [key.id] }) }, "allowed"],
  [
    "a grant of another id",
    { caller: withGrants({ keyIds: [id("5")] }) },
    "grant: OPERATION_FORBIDDEN",
  ],
  ["a grant by name", { caller: withGrants({ keyNames: "ord*" }) }, "allowed"],
  [
    "a grant of other names",
    { caller: withGrants({ keyNames: "*x" }) },
    "grant: OPERATION_FORBIDDEN",
  ],
  ["a grant by tag", { caller: withGrants({ tag: { name: "team", value: "shop" } }) }, "allowed"],
  [
    "a grant of another tag's value",
    { caller: withGrants({ tag: { name: "team", value: "bank" } }) },
    "grant: OPERATION_FORBIDDEN",
  ],
  [
    "a grant of a tag that every object inherits",
    { caller: withGrants({ tag: { name: "toString", value: "" } }) },
    "grant: OPERATION_FORBIDDEN",
  ],
  ["a grant of the operation", { caller: withGrants({ operations: ["key.encrypt"] }) }, "allowed"],
  [
    "a grant of another operation",
    { caller: withGrants({ operations: ["key.decrypt"] }) },
    "grant: OPERATION_FORBIDDEN",
  ],
  [
    "a grant whose conditions hold in part",
    { caller: withGrants({ operations: ["key.encrypt"], keyNames: "x" }) },
    "grant: OPERATION_FORBIDDEN",
  ],
  [
    "one grant of two that holds",
    { caller: withGrants({ keyNames: "x" }, { keyIds: [key.id] }) },
    "allowed",
  ],
]

for (const [what, changed, wanted] of details) {
  test(`${what}: ${wanted}`, () => assert.equal(outcome(ask(changed)), wanted))
}

function permitOf(changed: Partial<Question>): Permit {
  const decision = decide(ask(changed))
  assert.ok(decision.outcome === "allowed")
  return decision.permit
}

test("imported material serves until its instant, and not from then on", () => {
  const { now } = ask({})
  const [version] = key.versions
  assert.ok(version !== undefined)
  const brought = (ms: number) => ({
    ...version,
    brought: { fingerprint: new Uint8Array(32), validTo: (now + ms) as typeof now },
  })
  const until = (ms: number) => ({ ...key, external: {}, versions: [brought(ms)] })
  assert.equal(outcome(ask({ key: until(1) })), "allowed")
  assert.equal(outcome(ask({ key: until(0) })), "key-state: KEY_STATE")
  assert.equal(outcome(ask({ key: { ...until(0), state: "deleting" } })), "key-state: KEY_STATE")
  assert.equal(outcome(ask({ key: until(0), operation: "key.update" })), "allowed")
  const later = { ...brought(0), version: 2 }
  const two = { ...key, external: {}, versions: [brought(1), later] }
  assert.equal(outcome(ask({ key: two })), "key-state: KEY_STATE", "each has to be here")
  const waits = { ...until(1), external: { pending: later } }
  assert.equal(outcome(ask({ key: waits })), "allowed", "what waits is not needed yet")
})

test("a permit covers its own operation, key and mechanism, and nothing else", () => {
  const act = { operation: "key.encrypt", keyId: key.id, mechanism: "AES_GCM" } as const
  const permit = permitOf({ mechanism: "AES_GCM" })
  assert.ok(permit.covers(act))
  assert.ok(!permit.covers({ ...act, operation: "key.decrypt" }))
  assert.ok(!permit.covers({ ...act, keyId: id("5") }))
  assert.ok(!permit.covers({ ...act, mechanism: "AES_CTR" }))
  assert.ok(!permit.covers({ operation: act.operation, keyId: key.id }))
  assert.equal(permit.revision, key.revision)
  assert.equal(permit.expiresAt, ask({}).now + limits.permitMs)
})

test("a permit for a key with rules covers the one input that was asked about", () => {
  const act = { operation: "key.sign", keyId: key.id, mechanism: "ECDSA_SHA_256" } as const
  const input = { message: Uint8Array.of(1, 2), messageType: "message", encoding: undefined }
  const signer = { ...key, algorithm: "EC_P256" } as const
  const permit = permitOf({ ...act, key: signer, input })
  assert.ok(permit.covers({ ...act, input: { ...input, message: Uint8Array.of(1, 2) } }))
  assert.ok(!permit.covers({ ...act, input: { ...input, message: Uint8Array.of(1, 3) } }))
  assert.ok(!permit.covers({ ...act, input: { ...input, message: Uint8Array.of(1) } }))
  assert.ok(!permit.covers({ ...act, input: { ...input, messageType: "digest" } }))
  assert.ok(!permit.covers({ ...act, input: { ...input, encoding: "raw" } }))
  assert.ok(!permit.covers({ ...act, input: { ...input, context: Uint8Array.of(1) } }))
  assert.ok(!permit.covers(act))
  const { smart: _rules, ...plain } = signer
  assert.ok(permitOf({ ...act, key: plain, input }).covers(act))
})

test("leave for a data key is leave to encrypt it, and not the other way round", () => {
  const act = { keyId: key.id, mechanism: "XAES_256_GCM" } as const
  const dataKey = permitOf({ operation: "key.data-key", mechanism: "XAES_256_GCM" })
  assert.ok(dataKey.covers({ ...act, operation: "key.encrypt" }))
  const encryption = permitOf({ mechanism: "XAES_256_GCM" })
  assert.ok(!encryption.covers({ ...act, operation: "key.data-key" }))
})

const questions = fc
  .record({
    row: fc.constantFrom(...rows),
    role: fc.constantFrom(...roles),
    state: fc.constantFrom(...keyStates),
    blocked: fc.boolean(),
    readOnly: fc.boolean(),
    flag: fc.boolean(),
    usage: fc.boolean(),
    attribute: fc.boolean(),
    withinRate: fc.boolean(),
    version: fc.option(fc.integer({ min: 0, max: 5 }), { nil: undefined }),
    externalIv: fc.boolean(),
    isForeign: fc.boolean(),
  })
  .map(({ row, version, externalIv, isForeign, ...on }) => {
    const question = toQuestion(row, on)
    const { key: one } = question
    const other = one === undefined || !isForeign ? one : { ...one, partition: foreign.partition }
    return { ...question, version, externalIv, key: other }
  })

test("explain agrees with decide: every rule in order, and the first that denies decides", () => {
  fc.assert(
    fc.property(questions, (question) => {
      const decision = decide(question)
      const verdicts = explain(question)
      assert.deepEqual(
        verdicts.map(({ rule }) => rule),
        ruleIds,
      )
      const first = verdicts.find(({ allows }) => !allows)
      assert.equal(first === undefined, decision.outcome === "allowed")
      if (decision.outcome === "denied") {
        assert.deepEqual([first?.rule, first?.reason], [decision.rule, decision.reason])
      }
    }),
    { numRuns: 2_000 },
  )
})

test("a name pattern matches what the same regular expression matches", () => {
  const letter = fc.constantFrom("a", "b", "*", ".", "+")
  const patterns = fc.array(letter, { maxLength: 8 }).map((parts) => parts.join(""))
  const names = fc.array(fc.constantFrom("a", "b", ".", "+"), { maxLength: 10 })
  fc.assert(
    fc.property(patterns, names, (pattern, parts) => {
      const text = parts.join("")
      const escaped = pattern.split("*").map((part) => part.replaceAll(/[.+]/g, String.raw`\$&`))
      const oracle = new RegExp(`^${escaped.join(".*")}$`, "s")
      assert.equal(matchesPattern(pattern, text), oracle.test(text), `${pattern} ${text}`)
    }),
    { numRuns: 5_000 },
  )
})
