/** Grants on a key as an input of the decision: they admit what they say, and nobody else. */

import assert from "node:assert/strict"
import { test } from "node:test"

import type { KeyAccess } from "../../src/domain/admission.ts"
import { againstHandingOn } from "../../src/domain/admission.ts"
import type { PolicyFacts } from "../../src/domain/key-policy.ts"
import type { PartitionId } from "../../src/domain/ids.ts"
import type { KmsGrant } from "../../src/domain/kms-grant.ts"
import { operation } from "../../src/domain/operation.ts"
import { decide, type Question } from "../../src/domain/policy.ts"
import type { Grant } from "../../src/domain/principal.ts"
import { ask, caller, id, key, partition } from "./policy-fixture.ts"

const his = {
  arn: "",
  meant: { kind: "one", partition: partition.id, subject: caller.subject },
} as const
const another = { arn: "", meant: { ...his.meant, subject: "another" } } as const
const abroad = { arn: "", meant: { ...his.meant, partition: id<PartitionId>("3") } } as const
const account = { arn: "", meant: { kind: "account", partition: partition.id } } as const

const grant: KmsGrant = {
  id: "1",
  grantee: his,
  operations: ["Encrypt"],
  createdAt: key.createdAt,
}
const facts: PolicyFacts = {
  actions: ["encrypt"],
  values: {},
  unknown: [],
  encryptionContext: { a: "1", b: "2" },
  account: "111122223333",
  arn: "arn:aws:iam::111122223333:user/somebody",
  isWithin: (range) => range === "here",
}
const nobody = { text: "", statements: [] }

function access(grants: readonly KmsGrant[], more: Partial<KeyAccess> = {}): Partial<Question> {
  return { access: { policy: nobody, grants, facts, ...more } }
}

function outcome(changed: Partial<Question>): string {
  const decision = decide(ask({ caller: { ...caller, roles: ["user"] }, ...changed }))
  return decision.outcome === "allowed" ? "allowed" : decision.rule
}

const refusing = {
  text: "",
  statements: [{ effect: "deny", principals: [{ kind: "any" }], actions: ["*"], conditions: [] }],
} as const
const elsewhere: Grant = { keyNames: "other-*" }
const narrowed = (one: Grant) => ({
  caller: { ...caller, roles: ["user"] as const, grants: [one] },
})
const of = (context: PolicyFacts["encryptionContext"]) => ({
  facts: { ...facts, encryptionContext: context },
})

const cases: readonly (readonly [string, Partial<Question>, string])[] = [
  ["its grantee, whom the policy does not admit", access([grant]), "allowed"],
  ["nobody without one", access([]), "policy"],
  ["not another principal", access([{ ...grant, grantee: another }]), "policy"],
  ["not another account's principal", access([{ ...grant, grantee: abroad }]), "policy"],
  [
    "everybody of an account that is its grantee",
    access([{ ...grant, grantee: account }]),
    "allowed",
  ],
  ["not what it does not name", access([{ ...grant, operations: ["Decrypt"] }]), "policy"],
  [
    "all of what is asked, each by some grant",
    access([grant, { ...grant, operations: ["Decrypt"] }], {
      facts: { ...facts, actions: ["encrypt", "decrypt"] },
    }),
    "allowed",
  ],
  ["nothing that a policy refuses", access([grant], { policy: refusing }), "policy-deny"],
  [
    "beyond the keys that his grants name",
    { ...access([grant], { policy: undefined }), ...narrowed(elsewhere) },
    "allowed",
  ],
  [
    "not beyond the operations that his grants name",
    {
      ...access([grant], { policy: undefined }),
      ...narrowed({ ...elsewhere, operations: ["key.decrypt"] }),
    },
    "grant",
  ],
  [
    "no other key of those that his grants do not name",
    { ...access([], { policy: undefined }), ...narrowed(elsewhere) },
    "grant",
  ],
  ["nobody to a role", { ...access([grant]), caller: { ...caller, roles: ["auditor"] } }, "role"],
  ["the very context", access([{ ...grant, equals: { b: "2", a: "1" } }]), "allowed"],
  ["not a part of the context for the whole", access([{ ...grant, equals: { a: "1" } }]), "policy"],
  ["not another value", access([{ ...grant, equals: { a: "1", b: "3" } }]), "policy"],
  ["a context that holds what is wanted", access([{ ...grant, subset: { a: "1" } }]), "allowed"],
  ["not one that lacks it", access([{ ...grant, subset: { c: "1" } }]), "policy"],
  ["not one with another case", access([{ ...grant, subset: { A: "1" } }]), "policy"],
  [
    "not a name that objects inherit",
    access([{ ...grant, subset: { constructor: "1" } }]),
    "policy",
  ],
  [
    "no context that nobody knows",
    access([{ ...grant, subset: { a: "1" } }], of(undefined)),
    "policy",
  ],
  ["unknown contexts where it wants none", access([grant], of(undefined)), "allowed"],
  [
    "what has no context, whatever it wants of one",
    access([{ ...grant, operations: ["GetPublicKey"], equals: { a: "1" } }], {
      facts: { ...facts, actions: ["getpublickey"], encryptionContext: {} },
    }),
    "allowed",
  ],
]
for (const [what, changed, expected] of cases) {
  test(`a grant admits ${what}: ${expected}`, () => assert.equal(outcome(changed), expected))
}

const retiring = { operation: "grant.retire", ...access([]) } as const
const officer = { ...caller, roles: ["officer"] } as const
const retirements: readonly (readonly [string, Partial<Question>, string])[] = [
  ["whom it names for it", { grant: { ...grant, grantee: another, retiring: his } }, "allowed"],
  ["its grantee, if he may", { grant: { ...grant, operations: ["RetireGrant"] } }, "allowed"],
  ["not its grantee else", { grant }, "grant"],
  [
    "not who may retire another's by name",
    { grant: { ...grant, grantee: another, operations: ["RetireGrant"] } },
    "grant",
  ],
  ["nobody where there is none", {}, "grant"],
  ["an officer", { grant, caller: officer }, "allowed"],
  [
    "nobody whom a policy refuses",
    { grant: { ...grant, retiring: his }, ...access([], { policy: refusing }) },
    "policy-deny",
  ],
]
for (const [what, changed, expected] of retirements) {
  test(`a grant is retired by ${what}: ${expected}`, () => {
    assert.equal(outcome({ ...retiring, ...changed }), expected)
  })
}

const handing: KmsGrant = { ...grant, operations: ["CreateGrant", "Encrypt"] }
const wanted = { grantee: another, operations: ["Encrypt"] }
type Wanted = Parameters<typeof againstHandingOn>[2]
const handings: readonly (readonly [string, readonly KmsGrant[], Wanted, boolean])[] = [
  ["what it gives", [handing], wanted, true],
  ["no more", [handing], { ...wanted, operations: ["Encrypt", "Decrypt"] }, false],
  ["nothing if it does not say so", [grant], wanted, false],
  ["nothing that is another's", [{ ...handing, grantee: another }], wanted, false],
  [
    "its very context",
    [{ ...handing, equals: { a: "1" } }],
    { ...wanted, equals: { a: "1" } },
    true,
  ],
  ["no other one", [{ ...handing, equals: { a: "1" } }], { ...wanted, equals: { a: "2" } }, false],
  ["no part of it", [{ ...handing, equals: { a: "1" } }], { ...wanted, subset: { a: "1" } }, false],
  [
    "a narrower part",
    [{ ...handing, subset: { a: "1" } }],
    { ...wanted, subset: { a: "1", b: "2" } },
    true,
  ],
  ["no context at all", [{ ...handing, subset: { a: "1" } }], wanted, false],
]
for (const [what, grants, asked, isAllowed] of handings) {
  test(`who was let in by a grant alone hands on ${what}`, () => {
    const question = ask({ operation: "grant.create", ...access(grants, { facts: creating }) })
    const reason = againstHandingOn(question, operation("grant.create"), asked)
    assert.equal(reason === undefined, isAllowed)
    const open = { ...question, access: undefined }
    assert.equal(againstHandingOn(open, operation("grant.create"), asked), undefined)
  })
}
const creating = { ...facts, actions: ["creategrant"] }
