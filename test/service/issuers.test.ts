import assert from "node:assert/strict"
import test from "node:test"
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { limits } from "../../src/domain/limits.ts"
import type { CreateIssuerCommand } from "../../src/service/commands.ts"
import { createIssuer, deleteIssuer, listIssuers } from "../../src/service/issuers.ts"
import { here, identityServiceFixture, start } from "./identity-fixture.ts"

const refused = { code: "UNAUTHENTICATED" }

async function issuerFixture() {
  const fixture = await identityServiceFixture()
  const { publicKey, privateKey } = await generateKeyPair("ES256")
  const command: CreateIssuerCommand = {
    issuer: "https://login.example",
    audience: "keyhold",
    jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: "one" }] },
    roleClaim: "groups",
    roleMap: { users: "user" },
    grants: [],
  }
  const bearer = await new SignJWT({ groups: ["users"] })
    .setProtectedHeader({ alg: "ES256", kid: "one" })
    .setIssuer(command.issuer)
    .setAudience(command.audience)
    .setSubject("carol")
    .setIssuedAt(start / 1000)
    .setExpirationTime(start / 1000 + 600)
    .sign(privateKey)
  const ask = (partitionHint: string) =>
    fixture.authenticate({ bearer, partitionHint, address: here })
  return { ...fixture, command, ask, officer: await fixture.as(fixture.a.token) }
}

test("an issuer's tokens count until its deletion, in its partition alone", async () => {
  const { ports, officer, command, ask, a, b } = await issuerFixture()
  await assert.rejects(ask(a.partition.id), refused)
  const { id } = await createIssuer(ports, officer, command)
  assert.equal((await ask(a.partition.id)).subject, `${id}:carol`)
  await assert.rejects(ask(b.partition.id), refused)
  await deleteIssuer(ports, officer, id)
  await assert.rejects(ask(a.partition.id), refused)
  assert.deepEqual((await listIssuers(ports, officer, {})).items, [])
})

test("an issuer with one audience exists once in a partition", async () => {
  const { ports, as, officer, command, b } = await issuerFixture()
  const { id } = await createIssuer(ports, officer, command)
  await assert.rejects(createIssuer(ports, officer, command), { code: "NAME_TAKEN" })
  await createIssuer(ports, officer, { ...command, audience: "other" })
  await createIssuer(ports, await as(b.token), command)
  await deleteIssuer(ports, officer, id)
  await createIssuer(ports, officer, command)
})

test("a repeated creation answers with the first issuer", async () => {
  const { ports, officer, command } = await issuerFixture()
  const once = { ...command, idempotencyKey: "once" }
  const first = await createIssuer(ports, officer, once)
  assert.deepEqual(await createIssuer(ports, officer, once), first)
  const other = { ...once, roleMap: { users: "manager" } } as const
  await assert.rejects(createIssuer(ports, officer, other), { code: "IDEMPOTENCY_MISMATCH" })
})

const { d, ...okp } = { kty: "OKP", crv: "Ed25519", x: "x", d: "d" }
const malformed: readonly (readonly [string, Partial<CreateIssuerCommand>])[] = [
  ["/issuer", { issuer: "" }],
  ["/issuer", { issuer: "https://login.example\n" }],
  ["/audience", { audience: "x".repeat(513) }],
  ["/roleClaim", { roleClaim: "" }],
  ["/jwks", { jwksUri: "https://login.example/jwks" }],
  ["/jwks", { jwks: { keys: [] } }],
  ["/jwks", { jwks: { keys: [{ ...okp, d }] } }],
  ["/roleMap", { roleMap: {} }],
  ["/roleMap", { roleMap: { root: "cluster-officer" } }],
  ["/grants", { grants: Array.from({ length: limits.grantsMax + 1 }, () => ({ keyNames: "*" })) }],
]
for (const [index, [field, fields]] of malformed.entries()) {
  test(`an issuer with a wrong ${field} is refused, case ${index}`, async () => {
    const { ports, officer, command } = await issuerFixture()
    const made = createIssuer(ports, officer, { ...command, ...fields })
    await assert.rejects(made, { code: "MALFORMED_REQUEST", detail: { field } })
  })
}

const field = (name: string) => ({ code: "MALFORMED_REQUEST", detail: { field: name } })

test("an issuer needs keys or a https address of keys", async () => {
  const { ports, officer, command } = await issuerFixture()
  const { jwks: _, ...bare } = command
  await assert.rejects(createIssuer(ports, officer, bare), field("/jwks"))
  const plain = { ...bare, jwksUri: "http://login.example/jwks" }
  await assert.rejects(createIssuer(ports, officer, plain), field("/jwksUri"))
  await createIssuer(ports, officer, { ...bare, jwksUri: "https://login.example/jwks" })
})

test("a partition has at most as many issuers as the limit", async () => {
  const { ports, officer, command } = await issuerFixture()
  for (let count = 0; count < limits.issuersMax; count++) {
    await createIssuer(ports, officer, { ...command, audience: `audience ${count}` })
  }
  await assert.rejects(createIssuer(ports, officer, command), { code: "QUOTA_EXCEEDED" })
})

test("another partition's issuer does not exist", async () => {
  const { ports, as, officer, command, b } = await issuerFixture()
  const { id } = await createIssuer(ports, officer, command)
  const other = await as(b.token)
  await assert.rejects(deleteIssuer(ports, other, id), { code: "NOT_FOUND" })
  assert.deepEqual((await listIssuers(ports, other, {})).items, [])
})

test("only officers see and change issuers", async () => {
  const { ports, officer, command } = await issuerFixture()
  const { id } = await createIssuer(ports, officer, command)
  for (const role of ["user", "manager", "auditor"] as const) {
    const context = { ...officer, caller: { ...officer.caller, roles: [role] } }
    const forbidden = { code: "OPERATION_FORBIDDEN" }
    await assert.rejects(createIssuer(ports, context, command), forbidden)
    await assert.rejects(listIssuers(ports, context, {}), forbidden)
    await assert.rejects(deleteIssuer(ports, context, id), forbidden)
  }
})
