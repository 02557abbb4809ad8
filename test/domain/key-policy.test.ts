/** A key's policy as an input of the decision: whom it refuses, admits, and leaves to the rest. */

import assert from "node:assert/strict"
import { test } from "node:test"

import type { KeyAccess } from "../../src/domain/admission.ts"
import type {
  KeyPolicy,
  PolicyCondition,
  PolicyFacts,
  PolicyStatement,
} from "../../src/domain/key-policy.ts"
import { decide, explain, type Question } from "../../src/domain/policy.ts"
import type { Grant } from "../../src/domain/principal.ts"
import { ask, caller, id, key, partition } from "./policy-fixture.ts"

const him = { kind: "one", partition: partition.id, subject: caller.subject } as const
const account = { kind: "account", partition: partition.id } as const
const anybody = { kind: "any" } as const

const allow: PolicyStatement = {
  effect: "allow",
  principals: [account],
  actions: ["*"],
  conditions: [],
}
const deny: PolicyStatement = { ...allow, effect: "deny", principals: [him] }

function policed(
  statements: KeyPolicy["statements"],
  facts: Partial<PolicyFacts> = {},
): { access: KeyAccess } {
  const policy = { text: "", statements }
  return { access: { policy, grants: [], facts: { ...encrypting, ...facts } } }
}
const encrypting: PolicyFacts = {
  actions: ["encrypt"],
  values: {},
  unknown: [],
  encryptionContext: {},
  account: "111122223333",
  arn: "arn:aws:iam::111122223333:user/somebody",
  isWithin: (range) => range === "here",
}

function outcome(changed: Partial<Question>): string {
  const decision = decide(ask(changed))
  return decision.outcome === "allowed" ? "allowed" : decision.rule
}

const user = { ...caller, roles: ["user"] as const }
const withGrants = (...grants: readonly Grant[]) => ({ caller: { ...user, grants } })
const elsewhere: Grant = { keyNames: "other-*" }

const cases: readonly (readonly [string, Partial<Question>, string])[] = [
  ["no policy leaves it to roles and grants", {}, "allowed"],
  ["the account as a whole leaves it to roles and grants", policed([allow]), "allowed"],
  ["and grants still narrow", { ...policed([allow]), ...withGrants(elsewhere) }, "grant"],
  ["no statement admits nobody", policed([]), "policy"],
  [
    "another account's statement admits nobody here",
    policed([{ ...allow, principals: [{ ...account, partition: id("3") }] }]),
    "policy",
  ],
  [
    "the same subject of another account is another one",
    policed([{ ...allow, principals: [{ ...him, partition: id("3") }] }]),
    "policy",
  ],
  ["another action is not this one", policed([{ ...allow, actions: ["decrypt"] }]), "policy"],
  ["a pattern stands for actions", policed([{ ...allow, actions: ["enc*"] }]), "allowed"],
  [
    "of several actions each has to be admitted",
    policed([{ ...allow, actions: ["encrypt"] }], { actions: ["encrypt", "decrypt"] }),
    "policy",
  ],
  [
    "everybody is everybody of the account",
    policed([{ ...allow, principals: [anybody] }]),
    "allowed",
  ],
  ["a refusal wins", policed([allow, deny]), "policy-deny"],
  [
    "also before an admission by name",
    policed([deny, { ...allow, principals: [him] }]),
    "policy-deny",
  ],
  [
    "one of several actions refused refuses all",
    policed([allow, { ...deny, actions: ["sign"] }], { actions: ["encrypt", "sign"] }),
    "policy-deny",
  ],
  [
    "a refusal of another action refuses nothing",
    policed([allow, { ...deny, actions: ["sign"] }]),
    "allowed",
  ],
  [
    "a refusal of everybody is about everybody",
    policed([allow, { ...deny, principals: [anybody] }]),
    "policy-deny",
  ],
  [
    "whom it names may use it, whichever keys his grants name",
    { ...policed([{ ...allow, principals: [him] }]), ...withGrants(elsewhere) },
    "allowed",
  ],
  [
    "but may not do what his grants do not",
    {
      ...policed([{ ...allow, principals: [him] }]),
      ...withGrants({ ...elsewhere, operations: ["key.decrypt"] }),
    },
    "grant",
  ],
  [
    "everybody is named nobody: grants narrow",
    { ...policed([{ ...allow, principals: [anybody] }]), ...withGrants(elsewhere) },
    "grant",
  ],
  [
    "a role that does not allow it is not made up for",
    {
      ...policed([{ ...allow, principals: [him] }]),
      caller: { ...caller, roles: ["auditor"] },
    },
    "role",
  ],
  [
    "an officer disables a key that refuses everybody",
    { ...policed([{ ...deny, principals: [anybody] }]), operation: "key.disable" },
    "allowed",
  ],
  [
    "a manager does not",
    {
      ...policed([{ ...deny, principals: [anybody] }]),
      operation: "key.disable",
      caller: { ...caller, roles: ["manager"] },
    },
    "policy-deny",
  ],
  [
    "an officer uses no key that refuses him",
    policed([{ ...deny, principals: [anybody] }]),
    "policy-deny",
  ],
]
for (const [what, changed, expected] of cases) {
  test(`${what}: ${expected}`, () => assert.equal(outcome(changed), expected))
}

const plain = { negated: false, ifExists: false } as const
const day = "2026-01-01T00:00:00.000Z"
const dept = { ...plain, test: "equals", key: "k", values: ["a", "b"] } as const
type Values = PolicyFacts["values"]
const conditions: readonly (readonly [string, PolicyCondition, Values, boolean])[] = [
  ["one of the values", dept, { k: ["b"] }, true],
  ["another value", dept, { k: ["c"] }, false],
  ["no value", dept, {}, false],
  ["no value, where that will do", { ...dept, ifExists: true }, {}, true],
  ["another value, where none will do", { ...dept, ifExists: true }, { k: ["c"] }, false],
  ["not one of the values", { ...dept, negated: true }, { k: ["c"] }, true],
  ["one that it must not be", { ...dept, negated: true }, { k: ["a"] }, false],
  ["no value is none that it must not be", { ...dept, negated: true }, {}, true],
  ["case", dept, { k: ["A"] }, false],
  ["case ignored", { ...dept, test: "equals-ignore-case" }, { k: ["A"] }, true],
  ["a pattern", { ...dept, test: "like", values: ["x*z"] }, { k: ["xyz"] }, true],
  ["no pattern without its test", { ...dept, values: ["x*z"] }, { k: ["xyz"] }, false],
  [
    "an ARN's part",
    { ...dept, test: "arn-like", values: ["arn:aws:iam::*:user/a*"] },
    { k: ["arn:aws:iam::1:user/al"] },
    true,
  ],
  [
    "an asterisk that would cross a colon of an ARN",
    { ...dept, test: "arn-like", values: ["arn:aws:*:user/al:x:y"] },
    { k: ["arn:aws:iam::1:user/al"] },
    false,
  ],
  ["a smaller number", { ...dept, test: "less", values: ["10"] }, { k: ["9"] }, true],
  ["an equal number", { ...dept, test: "less", values: ["10"] }, { k: ["10"] }, false],
  [
    "an equal number at most",
    { ...dept, test: "less-or-equal", values: ["10"] },
    { k: ["10"] },
    true,
  ],
  ["a larger number", { ...dept, test: "more", values: ["9"] }, { k: ["10"] }, true],
  ["an equal number as larger", { ...dept, test: "more", values: ["10"] }, { k: ["10"] }, false],
  ["at least", { ...dept, test: "more-or-equal", values: ["10"] }, { k: ["10"] }, true],
  ["the same number", { ...dept, test: "same-number", values: ["10"] }, { k: ["10"] }, true],
  ["an earlier time", { ...dept, test: "before", values: ["2026-01-02"] }, { k: [day] }, true],
  ["the same time", { ...dept, test: "before", values: [day] }, { k: [day] }, false],
  ["until a time", { ...dept, test: "before-or-at", values: [day] }, { k: [day] }, true],
  ["a later time", { ...dept, test: "after", values: ["2025-12-31"] }, { k: [day] }, true],
  ["a later time than that", { ...dept, test: "after", values: [day] }, { k: [day] }, false],
  ["from a time on", { ...dept, test: "after-or-at", values: [day] }, { k: [day] }, true],
  [
    "the same time in another zone",
    { ...dept, test: "same-time", values: ["2026-01-01T01:00:00+01:00"] },
    { k: [day] },
    true,
  ],
  [
    "the same time in seconds since 1970",
    { ...dept, test: "same-time", values: ["1767225600"] },
    { k: [day] },
    true,
  ],
  ["another second", { ...dept, test: "same-time", values: ["1767225601"] }, { k: [day] }, false],
  ["no value as asked for", { ...dept, test: "null", values: ["true"] }, {}, true],
  [
    "a value though none was asked for",
    { ...dept, test: "null", values: ["true"] },
    { k: ["a"] },
    false,
  ],
  ["a value as asked for", { ...dept, test: "null", values: ["false"] }, { k: ["a"] }, true],
  ["all of many", { ...dept, quantifier: "all" }, { k: ["a", "b"] }, true],
  ["not all of many", { ...dept, quantifier: "all" }, { k: ["a", "c"] }, false],
  ["all of none", { ...dept, quantifier: "all" }, {}, true],
  ["any of many", { ...dept, quantifier: "any" }, { k: ["c", "b"] }, true],
  ["none of many", { ...dept, quantifier: "any" }, { k: ["c", "d"] }, false],
  ["any of none", { ...dept, quantifier: "any" }, {}, false],
  ["any of none, negated", { ...dept, quantifier: "any", negated: true }, {}, false],
  [
    "one of many that it must not be",
    { ...dept, quantifier: "any", negated: true },
    { k: ["a", "c"] },
    true,
  ],
  ["any of none, where that will do", { ...dept, quantifier: "any", ifExists: true }, {}, true],
  ["an empty text as zero", { ...dept, test: "less", values: ["1"] }, { k: [""] }, false],
  ["a number in hexadecimal", { ...dept, test: "more", values: ["1"] }, { k: ["0x10"] }, false],
  ["a moment within a second", { ...dept, test: "less", values: ["10.5"] }, { k: ["10"] }, true],
  ["an address within a range", { ...dept, test: "in-range", values: ["there", "here"] }, {}, true],
  ["an address without", { ...dept, test: "in-range", values: ["there"] }, {}, false],
  [
    "an address without, as it has to be",
    { ...dept, test: "in-range", negated: true, values: ["there"] },
    {},
    true,
  ],
  [
    "an address within, where it must not be",
    { ...dept, test: "in-range", negated: true, values: ["there", "here"] },
    {},
    false,
  ],
  ["a name that objects inherit", { ...dept, key: "constructor" }, {}, false],
]
for (const [what, condition, values, expected] of conditions) {
  test(`a condition ${expected ? "holds" : "fails"}: ${what}`, () => {
    const admitting = policed([{ ...allow, conditions: [condition] }], { values })
    assert.equal(outcome(admitting), expected ? "allowed" : "policy")
    const refusing = policed([allow, { ...deny, conditions: [condition] }], { values })
    assert.equal(outcome(refusing), expected ? "policy-deny" : "allowed")
  })
}

test("what nobody knows refuses, and admits nobody", () => {
  for (const condition of [dept, { ...dept, negated: true }, { ...dept, ifExists: true }]) {
    const facts = { unknown: ["k"] }
    const admitting = policed([{ ...allow, conditions: [condition] }], facts)
    assert.equal(outcome(admitting), "policy")
    const refusing = policed([allow, { ...deny, conditions: [condition] }], facts)
    assert.equal(outcome(refusing), "policy-deny")
  }
})

test("every condition has to hold, and explain shows the rule that refuses", () => {
  const met = { ...dept, key: "m" }
  const facts = { values: { k: ["a"], m: ["a"] } }
  assert.equal(outcome(policed([{ ...allow, conditions: [dept, met] }], facts)), "allowed")
  const half = policed([{ ...allow, conditions: [dept, met] }], { values: { k: ["a"] } })
  assert.equal(outcome(half), "policy")
  const denied = explain(ask({ ...half, key })).filter(({ allows }) => !allows)
  assert.deepEqual(denied, [
    {
      rule: "policy",
      allows: false,
      reason: "neither the key's policy nor a grant on it admits the caller",
    },
  ])
})
