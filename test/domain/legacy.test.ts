/** What is there for old data alone is off until an officer of the partition says otherwise. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  defaultMechanism,
  keyAlgorithm,
  keyAlgorithms,
  mechanismRow,
  mechanisms,
  type KeyAlgorithmId,
  type MechanismId,
  type MechanismRow,
} from "../../src/domain/algorithms.ts"
import { defaultFlags } from "../../src/domain/partition.ts"
import { decide, type Question } from "../../src/domain/policy.ts"
import { keyId, question } from "../engine/fixture.ts"

// The tables' keys are their identifiers.
const algorithmIds = Object.keys(keyAlgorithms) as KeyAlgorithmId[]
const operationOf = {
  encryption: "key.decrypt",
  signature: "key.verify",
  mac: "key.verify-mac",
  wrap: "key.wrap",
  kem: "key.decapsulate",
  agreement: "key.agree",
  derivation: "key.derive",
} as const satisfies Record<MechanismRow["kind"], string>

function ruleOf(asked: Question, legacyAlgorithms: boolean): string {
  const flags = { ...asked.partition.flags, legacyAlgorithms }
  const decision = decide({ ...asked, partition: { ...asked.partition, flags } })
  return decision.outcome === "denied" ? decision.rule : decision.outcome
}

test("the flag is off in a new partition", () => {
  assert.equal(defaultFlags.legacyAlgorithms, false)
})

for (const algorithm of algorithmIds) {
  const old = keyAlgorithm(algorithm).status === "legacy"

  test(`${algorithm}: mechanisms are refused exactly where they or the key are legacy`, () => {
    for (const mechanism of keyAlgorithm(algorithm).mechanisms) {
      const { kind, status } = mechanismRow(mechanism)
      const asked = question(operationOf[kind], { keyId, algorithm }, mechanism)
      const expected = old || status === "legacy" ? "legacy" : "allowed"
      assert.equal(ruleOf(asked, false), expected, mechanism)
      assert.equal(ruleOf(asked, true), "allowed", mechanism)
    }
  })

  test(`${algorithm}: making such a key needs the flag exactly where it is legacy`, () => {
    for (const operation of ["key.create", "key.import"] as const) {
      const asked = { ...question(operation), algorithm }
      assert.equal(ruleOf(asked, false), old ? "legacy" : "allowed", operation)
      assert.equal(ruleOf(asked, true), "allowed", operation)
    }
  })

  test(`${algorithm}: a key can be described and stopped whatever the flag`, () => {
    for (const operation of ["key.describe", "key.disable", "key.delete"] as const) {
      assert.equal(ruleOf(question(operation, { keyId, algorithm }), false), "allowed")
    }
  })

  test(`${algorithm}: no default is weaker than the key itself`, () => {
    const kinds = new Set(Object.values(mechanisms).map(({ kind }) => kind))
    for (const kind of kinds) {
      const mechanism: MechanismId | undefined = defaultMechanism(algorithm, kind)
      if (mechanism === undefined || old) continue
      assert.notEqual(mechanismRow(mechanism).status, "legacy", mechanism)
    }
  })
}
