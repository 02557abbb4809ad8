import assert from "node:assert/strict"
import test from "node:test"
import { clusterPartition } from "../../src/domain/ids.ts"
import { limits } from "../../src/domain/limits.ts"
import type { RefusalReason } from "../../src/identity/refusals.ts"
import { here, partitionA, partitionB } from "./fixture.ts"
import {
  aud,
  confused,
  issuerOf,
  jwtFixture,
  makeKey,
  remoteFixture,
  sign,
  startS,
  unsecured,
} from "./jwt-fixture.ts"

const refused = { code: "UNAUTHENTICATED", message: "the credentials are not valid here" }
type Fixture = Awaited<ReturnType<typeof jwtFixture>>

test("a JWT of a trusted issuer gives the mapped roles and the issuer's grants", async () => {
  const { ask, key, records } = await jwtFixture()
  const [issuer] = records.issuers
  assert.deepEqual(await ask(await sign(key)), {
    partition: partitionA,
    subject: `${issuer?.id}:carol`,
    roles: ["user"],
    grants: [{ keyNames: "app-*" }],
    credential: "jwt",
    address: here,
  })
})

for (const alg of ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]) {
  test(`a JWT signed with ${alg} passes, and with its signature changed it does not`, async () => {
    const fixture = await jwtFixture()
    const key = await makeKey(alg, "other")
    fixture.records.issuers = [issuerOf([key])]
    const text = await sign(key)
    await fixture.ask(text)
    const at = text.length - 20
    const flipped = text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1)
    await assert.rejects(fixture.ask(flipped), refused)
  })
}

for (const alg of ["RS384", "RS512", "PS384", "ES512"]) {
  test(`a JWT signed with ${alg} is refused: it is not on the list`, async () => {
    const fixture = await jwtFixture()
    const key = await makeKey(alg, "other")
    fixture.records.issuers = [issuerOf([key])]
    await assert.rejects(fixture.ask(await sign(key)), refused)
  })
}

/** Claims that pass although they are not the usual ones. */
const accepted: readonly (readonly [string, Record<string, unknown>])[] = [
  ["several audiences, one of them ours", { aud: ["other", aud] }],
  ["exp within the leeway", { exp: startS - 59 }],
  ["nbf within the leeway", { nbf: startS + 60 }],
  ["iat a little ahead", { iat: startS + 60 }],
  ["iat at the greatest age", { iat: startS - limits.jwtAgeMaxMs / 1000 }],
  ["a role as a string", { groups: "hsm-users" }],
  ["a subject of the greatest length", { sub: "s".repeat(255) }],
]
for (const [what, claims] of accepted) {
  test(`a JWT with ${what} passes`, async () => {
    const { ask, key } = await jwtFixture()
    assert.deepEqual((await ask(await sign(key, claims))).roles, ["user"])
  })
}

const badClaims: readonly (readonly [string, RefusalReason, Record<string, unknown>])[] = [
  ["another audience", "jwt-issuer", { aud: "other" }],
  ["no audience", "jwt-issuer", { aud: undefined }],
  ["an audience that is no text", "jwt-issuer", { aud: { [aud]: true } }],
  ["an unknown issuer", "jwt-issuer", { iss: "https://login.example/" }],
  ["no issuer", "malformed", { iss: undefined }],
  ["an issuer that is no text", "malformed", { iss: ["https://login.example"] }],
  ["exp at the end of the leeway", "jwt-invalid", { exp: startS - 60 }],
  ["no exp", "jwt-invalid", { exp: undefined }],
  ["exp that is no number", "jwt-invalid", { exp: `${startS + 600}` }],
  ["nbf after the leeway", "jwt-invalid", { nbf: startS + 61 }],
  ["iat after the leeway", "jwt-invalid", { iat: startS + 61 }],
  ["no iat", "jwt-invalid", { iat: undefined }],
  ["iat too long ago", "jwt-invalid", { iat: startS - limits.jwtAgeMaxMs / 1000 - 61 }],
  ["no subject", "jwt-invalid", { sub: undefined }],
  ["an empty subject", "jwt-invalid", { sub: "" }],
  ["a subject that is no text", "jwt-invalid", { sub: 7 }],
  ["a subject with a line break", "jwt-invalid", { sub: "carol\nroot" }],
  ["a subject too long", "jwt-invalid", { sub: "s".repeat(256) }],
  ["no role claim", "jwt-roles", { groups: undefined }],
  ["no group of ours", "jwt-roles", { groups: ["staff"] }],
  ["groups that are no texts", "jwt-roles", { groups: [7, null, { "hsm-users": 1 }] }],
  ["a group that is a property of every object", "jwt-roles", { groups: ["constructor"] }],
  ["a role of the cluster", "jwt-roles", { groups: ["hsm-root"] }],
  ["claims too large", "malformed", { padding: "x".repeat(limits.jwtBytesMax) }],
]
for (const [what, reason, claims] of badClaims) {
  test(`a JWT with ${what} is refused, counted as ${reason}`, async () => {
    const { ask, key, authenticator } = await jwtFixture()
    await assert.rejects(ask(await sign(key, claims)), refused)
    assert.deepEqual(authenticator.refusals.takeSummary()?.byReason, { [reason]: 1 })
  })
}

const forgeries: readonly (readonly [string, (fixture: Fixture) => Promise<string> | string])[] = [
  ["alg none", () => unsecured("none")],
  ["alg None", () => unsecured("None")],
  ["HS256 under the public key's PEM", ({ key }) => confused(key, key.pem)],
  ["HS256 under the public key's x", ({ key }) => confused(key, key.jwk.x ?? "")],
  ["an empty HMAC secret", ({ key }) => confused(key, "")],
  ["another key under the same kid", async () => sign(await makeKey("EdDSA", "key-1"))],
  [
    "its own key in the header",
    async () => {
      const key = await makeKey("EdDSA", "key-1")
      return sign(key, {}, { jwk: key.jwk, jku: "https://evil.example/jwks" })
    },
  ],
  ["another alg for the key", async () => sign(await makeKey("ES256", "key-1"))],
  ["an unknown kid", ({ key }) => sign({ ...key, kid: "key-9" })],
  [
    "an extension nobody understands",
    async ({ key }) => {
      const [, body = "", signature = ""] = (await sign(key)).split(".")
      const header = { alg: "EdDSA", kid: "key-1", crit: ["exp"], exp: 1 }
      return `${Buffer.from(JSON.stringify(header)).toString("base64url")}.${body}.${signature}`
    },
  ],
  [
    "the payload of another",
    async ({ key }) => {
      const [header = "", , signature = ""] = (await sign(key)).split(".")
      const [, body = ""] = (await sign(key, { groups: ["hsm-managers"] })).split(".")
      return `${header}.${body}.${signature}`
    },
  ],
  ["no signature", async ({ key }) => (await sign(key)).replace(/[^.]*$/, "")],
  ["a line break at its end", async ({ key }) => `${await sign(key)}\n`],
]
for (const [what, forge] of forgeries) {
  test(`a JWT with ${what} is refused`, async () => {
    const fixture = await jwtFixture()
    await assert.rejects(async () => fixture.ask(await forge(fixture)), refused)
  })
}

test("a JWT without kid passes while one key fits, and not when two do", async () => {
  const fixture = await jwtFixture()
  const text = await sign(fixture.key, {}, { kid: undefined })
  await fixture.ask(text)
  fixture.records.issuers = [
    issuerOf([fixture.key, await makeKey("EdDSA", "key-2")], { revision: 2 }),
  ]
  await assert.rejects(fixture.ask(text), refused)
})

test("a JWT counts in the partition of its issuer alone, and only when that is named", async () => {
  const { ask, key, authenticator } = await jwtFixture()
  const text = await sign(key)
  await ask(text)
  await assert.rejects(ask(text, partitionB), refused)
  await assert.rejects(authenticator.authenticate({ bearer: text, address: here }), refused)
})

test("another tenant that registers the same issuer cannot lend it its own keys", async () => {
  const fixture = await jwtFixture()
  const evil = await makeKey("EdDSA", "key-1")
  const twin = issuerOf([evil], { partition: partitionB, id: "6zzzzzzzzzzzzzzzzzzzzzzzzz" })
  fixture.records.issuers = [twin, ...fixture.records.issuers]
  await assert.rejects(fixture.ask(await sign(evil)), refused)
  assert.equal((await fixture.ask(await sign(evil), partitionB)).partition, partitionB)
  assert.equal((await fixture.ask(await sign(fixture.key))).partition, partitionA)
})

test("two issuers of one partition that both fit a token are too many", async () => {
  const fixture = await jwtFixture()
  const text = await sign(fixture.key, { aud: [aud, "second"] })
  await fixture.ask(text)
  const second = issuerOf([fixture.key], { id: "6zzzzzzzzzzzzzzzzzzzzzzzzz", audience: "second" })
  fixture.records.issuers = [...fixture.records.issuers, second]
  await assert.rejects(fixture.ask(text), refused)
  await fixture.ask(await sign(fixture.key, { aud: "second" }))
})

test("a role claim may be a path, and a name with dots goes before the path", async () => {
  const roleClaim = "realm.access.roles"
  const { ask, key } = await jwtFixture({ roleClaim })
  const realm = { access: { roles: ["hsm-managers", "hsm-users"] } }
  const byPath = await ask(await sign(key, { groups: undefined, realm }))
  assert.deepEqual(byPath.roles, ["user", "manager"])
  const byName = await ask(await sign(key, { realm, [roleClaim]: ["hsm-users"] }))
  assert.deepEqual(byName.roles, ["user"])
  await assert.rejects(ask(await sign(key, { realm: { access: "roles" } })), refused)
})

test("an issuer of the cluster's partition gives the cluster's roles and no others", async () => {
  const { ask, key } = await jwtFixture({ partition: clusterPartition })
  const text = await sign(key, { groups: ["hsm-root", "hsm-users"] })
  assert.deepEqual((await ask(text, clusterPartition)).roles, ["cluster-officer"])
})

test("an issuer that is deleted or changed stops its tokens on the next request", async () => {
  const fixture = await jwtFixture()
  const text = await sign(fixture.key)
  const before = fixture.records.issuers
  await fixture.ask(text)
  fixture.records.issuers = []
  await assert.rejects(fixture.ask(text), refused)
  fixture.records.issuers = before
  await fixture.ask(text)
  fixture.records.issuers = [issuerOf([await makeKey("EdDSA", "key-1")], { revision: 2 })]
  await assert.rejects(fixture.ask(text), refused)
  fixture.records.issuers = [
    issuerOf([fixture.key], { revision: 3, roleMap: { staff: "auditor" } }),
  ]
  assert.deepEqual((await fixture.ask(text)).roles, ["auditor"])
})

test("a JWT that was verified before still ends at exp and the leeway", async () => {
  const { ask, key, advance } = await jwtFixture()
  const text = await sign(key)
  await ask(text)
  advance(600_000 + limits.jwtLeewayMs - 1)
  await ask(text)
  advance(1)
  await assert.rejects(ask(text), refused)
})

test("a JWT that was verified before still ends at the greatest age", async () => {
  const { ask, key, advance } = await jwtFixture()
  const text = await sign(key, { exp: startS + 10 * 365 * 86_400 })
  await ask(text)
  advance(limits.jwtAgeMaxMs + limits.jwtLeewayMs)
  await ask(text)
  advance(1_000)
  await assert.rejects(ask(text), refused)
})

test("an issuer's new key is fetched when a token names it, and its old one ends", async () => {
  const { ask, key, served, advance } = await remoteFixture()
  const oldText = await sign(key)
  await ask(oldText)
  assert.equal(served.fetches, 1)

  const newKey = await makeKey("EdDSA", "key-2")
  const newText = await sign(newKey)
  served.document = { keys: [newKey.jwk] }
  await assert.rejects(ask(newText), refused, "within the cooldown nothing is fetched")
  await ask(oldText)
  assert.equal(served.fetches, 1)

  advance(limits.jwksCooldownMs)
  await ask(newText)
  assert.equal(served.fetches, 2)
  await assert.rejects(ask(oldText), refused, "verified before, but its key was withdrawn")
})

test("tokens with unknown key ids cause one fetch per cooldown, however many come", async () => {
  const { ask, key, served, advance } = await remoteFixture()
  for (let round = 1; round <= 3; round++) {
    const flood = Array.from({ length: 20 }, async (_, index) =>
      assert.rejects(ask(await sign({ ...key, kid: `guess-${index}` })), refused),
    )
    await Promise.all(flood)
    assert.equal(served.fetches, round)
    advance(limits.jwksCooldownMs)
  }
})

test("an issuer that is down serves on with its last keys for a while, then no more", async () => {
  const { ask, key, served, advance } = await remoteFixture()
  const text = await sign(key, { exp: startS + 86_400 })
  await ask(text)
  served.document = undefined
  advance(limits.jwksStaleMs - 1)
  await ask(text)
  assert.equal(served.fetches, 2, "the set was not fresh: it was tried")
  advance(1)
  await assert.rejects(ask(text), refused)
})
