/** Grants on a key as an input of the decision: they admit what they say, and nobody else. */

import assert from "node:assert/strict"
import { test } from "node:test"

import type { KeyAccess } from "../../src/domain/admission.ts"
import type { PolicyFacts } from "../../src/domain/key-policy.ts"
import type { PartitionId } from "../../src/domain/ids.ts"
import type { GrantScope, KmsGrant } from "../../src/domain/kms-grant.ts"
import { decide, type Question } from "../../src/domain/policy.ts"
import type { Caller, Grant } from "../../src/domain/principal.ts"
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

const borrower: Caller = {
  ...caller,
  partition: id<PartitionId>("3"),
  roles: ["user", "manager"],
  grants: [{ keyIds: [key.id] }],
}
const named = {
  arn: "",
  meant: { kind: "abroad", account: facts.account, arn: facts.arn },
} as const
const whole = { arn: "", meant: { kind: "abroad", account: facts.account } } as const
const lent = { ...grant, grantee: named }
function across(grants: readonly KmsGrant[], more: Partial<Question> = {}): string {
  const own = { ...partition, id: borrower.partition }
  const about = { caller: borrower, partition: own, owner: partition, ...access(grants), ...more }
  const decision = decide(ask(about))
  return decision.outcome === "allowed" ? "allowed" : decision.rule
}
const lendings: readonly (readonly [string, string, string])[] = [
  ["whom it names there", across([lent]), "allowed"],
  ["everybody of an account that it names", across([{ ...lent, grantee: whole }]), "allowed"],
  ["nobody without one", across([]), "key-exists"],
  [
    "nobody of a third account",
    across([{ ...lent, grantee: { arn: "", meant: { ...whole.meant, account: "9" } } }]),
    "key-exists",
  ],
  [
    "nobody of another name",
    across([{ ...lent, grantee: { arn: "", meant: { ...named.meant, arn: "x" } } }]),
    "key-exists",
  ],
  ["nobody who has the same id in the key's own", across([grant]), "key-exists"],
  ["nobody to what it does not name", across([{ ...lent, operations: ["Decrypt"] }]), "key-exists"],
  [
    "nobody where the key's policy refuses",
    across([lent], access([lent], { policy: refusing })),
    "key-exists",
  ],
  ["whom no policy speaks of", across([lent], access([lent], { policy: undefined })), "allowed"],
  ["nobody for a source", across([{ ...lent, sourceArn: "arn:aws:s3:::x" }]), "key-exists"],
  [
    "nobody whose own side does not name the key",
    across([lent], { caller: { ...borrower, grants: [] } }),
    "grant",
  ],
  ["nobody while the owner is not told of", across([lent], { owner: undefined }), "key-exists"],
  [
    "nobody while the owner is blocked",
    across([lent], { owner: { ...partition, state: "blocked" } }),
    "partition-active",
  ],
  [
    "nobody to what no account lets another do",
    across([{ ...lent, operations: ["PutKeyPolicy"] }], {
      operation: "key.set-policy",
      ...access([{ ...lent, operations: ["PutKeyPolicy"] }], {
        facts: { ...facts, actions: ["putkeypolicy"] },
      }),
    }),
    "key-exists",
  ],
]
for (const [what, told, expected] of lendings) {
  test(`across accounts a grant admits ${what}: ${expected}`, () => assert.equal(told, expected))
}

test("who is of the key's own account is not meant by another account's name", () => {
  const odd = { ...lent, grantee: whole }
  assert.equal(outcome(access([odd])), "policy")
})

const leaving = { operation: "grant.retire", caller: { ...borrower, grants: [] } } as const
const departures: readonly (readonly [string, Partial<Question>, string])[] = [
  ["whom it names", { grant: { ...lent, retiring: named } }, "allowed"],
  ["not its grantee", { grant: lent }, "key-exists"],
  ["its grantee, if he may", { grant: { ...lent, operations: ["RetireGrant"] } }, "allowed"],
  ["not whoever is of an account", { grant: { ...lent, retiring: whole } }, "grant"],
  [
    "who is of an account, and whose side names the key",
    { grant: { ...lent, retiring: whole }, caller: borrower },
    "allowed",
  ],
  [
    "an officer of an account",
    {
      grant: { ...lent, retiring: whole },
      caller: { ...borrower, roles: ["officer"], grants: [] },
    },
    "allowed",
  ],
  [
    "no officer of another one",
    { grant, caller: { ...borrower, roles: ["officer"], grants: [] } },
    "key-exists",
  ],
  ["nobody where there is none", {}, "key-exists"],
]
for (const [what, changed, expected] of departures) {
  test(`across accounts a grant is retired by ${what}: ${expected}`, () => {
    assert.equal(across([], { ...leaving, ...changed }), expected)
  })
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

const manager = { ...caller, roles: ["manager"] } as const
const handing: KmsGrant = { ...grant, operations: ["CreateGrant", "Encrypt"] }
const wanted: GrantScope = { operations: ["Encrypt"] }
const handings: readonly (readonly [string, readonly KmsGrant[], GrantScope, boolean])[] = [
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
    const about = { operation: "grant.create", hands: asked, caller: manager } as const
    const told = outcome({ ...about, ...access(grants, { facts: creating }) })
    const isLetIn = grants.some(({ operations }) => operations.includes("CreateGrant"))
    const isHis = grants.every(({ grantee }) => grantee === his)
    const refused = isLetIn && isHis ? "grant" : "policy"
    assert.equal(told, isAllowed ? "allowed" : refused)
    assert.equal(outcome({ ...about, access: undefined }), "allowed")
  })
}
const creating = { ...facts, actions: ["creategrant"] }

function handsOn(grants: readonly KmsGrant[], policy?: KeyAccess["policy"]): string {
  const about = { operation: "grant.create", hands: wanted } as const
  return across(grants, { ...about, ...access(grants, { facts: creating, policy }) })
}

test("who is of another account hands on what a grant gives, whatever a policy says", () => {
  const parent = { ...lent, operations: ["CreateGrant", "Encrypt"] }
  assert.equal(handsOn([parent]), "allowed")
  assert.equal(handsOn([]), "key-exists")
  assert.equal(handsOn([lent]), "key-exists")
  assert.equal(handsOn([{ ...parent, sourceArn: "arn:aws:s3:::x" }]), "key-exists")
  assert.equal(handsOn([{ ...parent, operations: ["CreateGrant"] }]), "grant")
  const principals = [named.meant]
  const all = { effect: "allow", principals, actions: ["*"], conditions: [] } as const
  const policy = { text: "", statements: [all] }
  assert.equal(handsOn([lent], policy), "key-exists")
  assert.equal(handsOn([{ ...parent, operations: ["CreateGrant"] }], policy), "grant")
})
