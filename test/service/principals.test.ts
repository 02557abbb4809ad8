import assert from "node:assert/strict"
import test from "node:test"
import { partitionOfAccessKey } from "../../src/codec/access-key-id.ts"
import { clusterPartition, parseId, type PrincipalId } from "../../src/domain/ids.ts"
import { limits } from "../../src/domain/limits.ts"
import type { Role } from "../../src/domain/principal.ts"
import { paths } from "../../src/records/kinds.ts"
import type { CreatePrincipalCommand } from "../../src/service/commands.ts"
import {
  createPrincipal,
  deletePrincipal,
  issueAccessKey,
  issueToken,
  listPrincipals,
  readPrincipal,
  revokeCredential,
  rotateOwnToken,
  updatePrincipal,
} from "../../src/service/principals.ts"
import { whoami } from "../../src/service/whoami.ts"
import { here, identityServiceFixture } from "./identity-fixture.ts"

const token = { kind: "token" } as const
const hourMs = 3_600_000
const refused = { code: "UNAUTHENTICATED" }

async function officerFixture() {
  const fixture = await identityServiceFixture()
  const officer = await fixture.as(fixture.a.token)
  const add = (name: string, roles: readonly Role[], more: Partial<CreatePrincipalCommand> = {}) =>
    createPrincipal(fixture.ports, officer, { name, roles, credential: token, ...more })
  return { ...fixture, officer, add }
}

test("a new principal's token proves at once who he is, and is not shown again", async () => {
  const { ports, as, a, officer, add } = await officerFixture()
  const made = await add("orders", ["user"], { idempotencyKey: "once" })
  assert.deepEqual(await whoami(ports, await as(made.token)), {
    partition: a.partition.id,
    subject: made.principal.id,
    roles: ["user"],
    grants: [],
    credential: "token",
  })
  const again = await add("orders", ["user"], { idempotencyKey: "once" })
  assert.deepEqual(again, { principal: made.principal })
  const other = add("orders", ["manager"], { idempotencyKey: "once" })
  await assert.rejects(other, { code: "IDEMPOTENCY_MISMATCH" })
  const { items } = await listPrincipals(ports, officer, {})
  assert.deepEqual(items.map(({ name }) => name).toSorted(), ["officer", "orders"])
})

test("names are taken once, and free again after deletion", async () => {
  const { ports, officer, add } = await officerFixture()
  const { principal } = await add("orders", ["user"])
  await assert.rejects(add("orders", ["user"]), { code: "NAME_TAKEN" })
  await deletePrincipal(ports, officer, principal.id)
  await add("orders", ["user"])
})

const malformed: readonly (readonly [string, Partial<CreatePrincipalCommand>])[] = [
  ["/name", { name: "two words" }],
  ["/roles", { roles: [] }],
  ["/roles", { roles: ["user", "user"] }],
  ["/roles", { roles: ["operator"] }],
  ["/roles", { roles: ["user", "cluster-officer"] }],
  ["/grants", { grants: Array.from({ length: limits.grantsMax + 1 }, () => ({ keyNames: "*" })) }],
  ["/addresses/1", { addresses: ["10.0.0.0/8", "10.0.0.0/33"] }],
  ["/addresses", { addresses: Array.from({ length: 33 }, () => "10.0.0.1") }],
  ["/credential/lifeSeconds", { credential: { kind: "token", lifeMs: 0 } }],
  [
    "/credential/certificate",
    { credential: { kind: "certificate", certificate: Uint8Array.of(1) } },
  ],
]
for (const [index, [field, fields]] of malformed.entries()) {
  test(`a principal with a wrong ${field} is refused, case ${index}`, async () => {
    const { add } = await officerFixture()
    const made = add("orders", ["user"], fields)
    await assert.rejects(made, { code: "MALFORMED_REQUEST", detail: { field } })
  })
}

test("the cluster's officer gives the cluster's roles and no others", async () => {
  const { ports, as, first } = await officerFixture()
  const context = await as(first.clusterOfficerToken)
  const create = (roles: readonly Role[]) =>
    createPrincipal(ports, context, { name: "second", roles, credential: token })
  await assert.rejects(create(["user"]), { code: "MALFORMED_REQUEST" })
  const { principal } = await create(["operator"])
  assert.equal(principal.partition, clusterPartition)
})

for (const role of ["user", "manager", "auditor"] as const) {
  test(`a principal with the role ${role} governs nobody`, async () => {
    const { ports, as, a, add } = await officerFixture()
    const { token: bearer, principal } = await add("other", [role])
    const context = await as(bearer)
    const id = a.officer.id
    const forbidden = { code: "OPERATION_FORBIDDEN" }
    const command = { name: "x", roles: [role], credential: token }
    await assert.rejects(createPrincipal(ports, context, command), forbidden)
    await assert.rejects(readPrincipal(ports, context, id), forbidden)
    await assert.rejects(listPrincipals(ports, context, {}), forbidden)
    const update = { principal: principal.id, roles: ["officer"] } as const
    await assert.rejects(updatePrincipal(ports, context, update), forbidden)
    await assert.rejects(deletePrincipal(ports, context, id), forbidden)
    await assert.rejects(issueToken(ports, context, { principal: id }), forbidden)
    const [known] = a.officer.credentials
    assert.ok(known)
    const revocation = { principal: id, credential: known.id }
    await assert.rejects(revokeCredential(ports, context, revocation), forbidden)
  })
}

test("another partition's principal does not exist", async () => {
  const { ports, officer, b } = await officerFixture()
  const { id, credentials } = b.officer
  const [credential] = credentials
  assert.ok(credential)
  const missing = { code: "NOT_FOUND", message: "no such principal" }
  await assert.rejects(readPrincipal(ports, officer, id), missing)
  await assert.rejects(updatePrincipal(ports, officer, { principal: id, roles: ["user"] }), missing)
  await assert.rejects(deletePrincipal(ports, officer, id), missing)
  await assert.rejects(issueToken(ports, officer, { principal: id }), missing)
  const revocation = { principal: id, credential: credential.id }
  await assert.rejects(revokeCredential(ports, officer, revocation), missing)
  const unknown = parseId<PrincipalId>("7".repeat(26))
  assert.ok(unknown)
  await assert.rejects(readPrincipal(ports, officer, unknown), missing)
})

test("every way to take access away holds on the very next request", async () => {
  const { ports, as, officer, add } = await officerFixture()
  const ways = [
    (id: PrincipalId) => updatePrincipal(ports, officer, { principal: id, state: "disabled" }),
    (id: PrincipalId) =>
      updatePrincipal(ports, officer, { principal: id, addresses: ["198.51.100.0/24"] }),
    (id: PrincipalId) => deletePrincipal(ports, officer, id),
    (id: PrincipalId) => issueToken(ports, officer, { principal: id }),
    async (id: PrincipalId) => {
      const [credential] = (await readPrincipal(ports, officer, id)).credentials
      assert.ok(credential)
      await revokeCredential(ports, officer, { principal: id, credential: credential.id })
    },
  ]
  for (const [index, takeAway] of ways.entries()) {
    const { principal, token: bearer } = await add(`service-${index}`, ["user"])
    await as(bearer)
    await takeAway(principal.id)
    await assert.rejects(as(bearer), refused, `way ${index}`)
  }
})

test("a deleted principal's row put back into the store does not come to life", async () => {
  const { ports, store, as, officer, a, add } = await officerFixture()
  const { principal, token: bearer } = await add("orders", ["user"])
  const [credential] = principal.credentials
  assert.ok(credential)
  const keys = [
    paths.record(a.partition.id, "principal", principal.id),
    ports.records.indexPath(a.partition.id, "credential", credential.id),
  ]
  const { entries } = await store.get(keys)
  await deletePrincipal(ports, officer, principal.id)
  await assert.rejects(as(bearer), refused)
  const then = entries.map((entry, index) => {
    const put = keys[index]
    assert.ok(entry && put)
    return { put, value: entry.value }
  })
  await store.commit({ opId: "attack", when: [], then })
  await assert.rejects(as(bearer), { code: "TAMPERED" })
})

test("the last active officer stays, whatever way he would go", async () => {
  const { ports, officer, a, add } = await officerFixture()
  const principal = a.officer.id
  const [credential] = a.officer.credentials
  assert.ok(credential)
  const ways = [
    () => updatePrincipal(ports, officer, { principal, state: "disabled" }),
    () => updatePrincipal(ports, officer, { principal, roles: ["user"] }),
    () => updatePrincipal(ports, officer, { principal, grants: [{ keyNames: "x" }] }),
    () => revokeCredential(ports, officer, { principal, credential: credential.id }),
    () => deletePrincipal(ports, officer, principal),
  ]
  for (const way of ways) await assert.rejects(way, { code: "CONFLICT" })
  const second = await add("second", ["officer"])
  await updatePrincipal(ports, officer, { principal: second.principal.id, state: "disabled" })
  for (const way of ways) await assert.rejects(way, { code: "CONFLICT" }, "a disabled one is none")
  await updatePrincipal(ports, officer, { principal: second.principal.id, state: "active" })
  await deletePrincipal(ports, officer, principal)
})

test("two officers who remove each other at the same time leave one of them", async () => {
  const { ports, as, officer, a, add } = await officerFixture()
  const { principal, token: bearer } = await add("second", ["officer"])
  const second = await as(bearer)
  const outcomes = await Promise.allSettled([
    deletePrincipal(ports, officer, principal.id),
    deletePrincipal(ports, second, a.officer.id),
  ])
  const statuses = outcomes.map(({ status }) => status).toSorted()
  assert.deepEqual(statuses, ["fulfilled", "rejected"])
})

test("a rotated token lives on for the overlap and no longer", async () => {
  const { ports, as, advance, add } = await officerFixture()
  const { token: old } = await add("orders", ["user"])
  const rotated = await rotateOwnToken(ports, await as(old), { overlapMs: hourMs })
  await as(rotated.token)
  advance(hourMs - 1)
  await as(old)
  advance(1)
  await assert.rejects(as(old), refused)
  await as(rotated.token)
})

test("a rotated token without overlap ends its forerunner at once", async () => {
  const { ports, as, add } = await officerFixture()
  const { token: old } = await add("orders", ["user"])
  const rotated = await rotateOwnToken(ports, await as(old), {})
  await assert.rejects(as(old), refused)
  assert.equal(rotated.principal.credentials.length, 1)
  await as(rotated.token)
})

test("nobody prolongs his own access beyond what an officer gave him", async () => {
  const { ports, as, advance, add } = await officerFixture()
  const made = await add("orders", ["user"], { credential: { kind: "token", lifeMs: hourMs } })
  const lifeMs = limits.tokenLifeMaxMs
  const { token: bearer } = await rotateOwnToken(ports, await as(made.token), { lifeMs })
  advance(hourMs - 1)
  await as(bearer)
  advance(1)
  await assert.rejects(as(bearer), refused)
})

test("a principal has at most as many live tokens as the limit", async () => {
  const { ports, as, officer, advance, add } = await officerFixture()
  const { principal, token: bearer } = await add("orders", ["user"])
  const issue = () => issueToken(ports, officer, { principal: principal.id, overlapMs: hourMs })
  for (let live = 1; live < limits.credentialsMax; live++) await issue()
  await assert.rejects(issue(), { code: "QUOTA_EXCEEDED" })
  await as(bearer)
  advance(hourMs)
  const { principal: after } = await issue()
  assert.equal(
    after.credentials.length,
    2,
    "the youngest one, which the overlap shortens, and the new one",
  )
  await assert.rejects(as(bearer), refused)
})

test("an overlap beyond the limit is refused", async () => {
  const { ports, as, add } = await officerFixture()
  const { token: bearer } = await add("orders", ["user"])
  const context = await as(bearer)
  for (const overlapMs of [-1, limits.tokenOverlapMaxMs + 1]) {
    await assert.rejects(rotateOwnToken(ports, context, { overlapMs }), {
      code: "MALFORMED_REQUEST",
    })
  }
  await rotateOwnToken(ports, context, { overlapMs: limits.tokenOverlapMaxMs })
})

test("only who came with a token can rotate it", async () => {
  const { ports, officer } = await officerFixture()
  for (const credential of ["certificate", "jwt"] as const) {
    const context = { ...officer, caller: { ...officer.caller, credential } }
    await assert.rejects(rotateOwnToken(ports, context, {}), { code: "OPERATION_FORBIDDEN" })
  }
})

test("no audit record and no answer but the one with the token holds a secret", async () => {
  const { ports, events, officer, add } = await officerFixture()
  const { principal, token: bearer = "" } = await add("orders", ["user"])
  const secret = bearer.slice(bearer.lastIndexOf("_") + 1)
  const shown = JSON.stringify([events, await listPrincipals(ports, officer, {}), here])
  assert.ok(secret.length > 50 && !shown.includes(secret))
  assert.ok(events.some(({ act, target }) => act === "principal.create" && target === principal.id))
})

test("an access key names its partition; two live at most, its secret is shown once", async () => {
  const { ports, events, officer, advance, add } = await officerFixture()
  const { principal, accessKey, token } = await add("shop", ["user"], {
    credential: { kind: "access-key", lifeMs: hourMs },
  })
  assert.equal(token, undefined)
  assert.match(accessKey?.accessKeyId ?? "", /^[A-Z2-7]{30}$/)
  assert.match(accessKey?.secretAccessKey ?? "", /^[A-Za-z0-9+/]{43}$/)
  assert.equal(partitionOfAccessKey(accessKey?.accessKeyId ?? ""), principal.partition)
  const issue = () => issueAccessKey(ports, officer, { principal: principal.id })
  const second = await issue()
  assert.notEqual(second.accessKey?.accessKeyId, accessKey?.accessKeyId)
  await assert.rejects(issue(), { code: "QUOTA_EXCEEDED" })
  advance(hourMs)
  assert.equal((await issue()).principal.credentials.length, 2, "the one that ended has left")
  const said = JSON.stringify(events)
  assert.ok(!said.includes(second.accessKey?.secretAccessKey ?? "?"))
})

test("an access key for nobody of the partition is refused, as is one without end", async () => {
  const { ports, officer, add } = await officerFixture()
  const { principal } = await add("shop", ["user"])
  const issue = (lifeMs: number) =>
    issueAccessKey(ports, officer, { principal: principal.id, lifeMs })
  await assert.rejects(issue(limits.tokenLifeMaxMs + 1), { code: "MALFORMED_REQUEST" })
  await assert.rejects(issue(0), { code: "MALFORMED_REQUEST" })
  const absent = parseId<PrincipalId>("7".repeat(26)) ?? assert.fail()
  await assert.rejects(issueAccessKey(ports, officer, { principal: absent }), { code: "NOT_FOUND" })
  const operator = { ...officer, caller: { ...officer.caller, partition: clusterPartition } }
  const foreign = issueAccessKey(ports, operator, { principal: principal.id })
  await assert.rejects(foreign, { code: "NOT_FOUND" })
})
