import assert from "node:assert/strict"
import test from "node:test"
import { instant } from "../../src/domain/ids.ts"
import { limits } from "../../src/domain/limits.ts"
import { isHttpsUri } from "../../src/identity/https-out.ts"
import { createKeySets, parseJwks } from "../../src/identity/jwks.ts"
import { start } from "./fixture.ts"
import { issuerOf, makeKey } from "./jwt-fixture.ts"

const later = (ms: number) => instant(start + ms)
const okp = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }

test("a JWKS of public keys is taken as it is", () => {
  assert.deepEqual(parseJwks({ keys: [okp], extra: 1 }), { keys: [okp] })
})

const bad: readonly (readonly [string, unknown])[] = [
  ["no object", "keys"],
  ["null", null],
  ["an array", [okp]],
  ["without keys", {}],
  ["with keys that are no array", { keys: { 0: okp } }],
  ["with no key", { keys: [] }],
  ["with a key that is no object", { keys: [okp, "key"] }],
  ["with a key without kty", { keys: [{ ...okp, kty: undefined }] }],
  ["with a private key", { keys: [{ ...okp, d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" }] }],
  ["with a secret key", { keys: [{ kty: "oct", k: "c2VjcmV0" }] }],
  ["with an RSA private key", { keys: [{ kty: "RSA", n: "AQAB", e: "AQAB", p: "Aw" }] }],
  ["with too many keys", { keys: Array.from({ length: limits.jwksKeysMax + 1 }, () => okp) }],
  ["that is too large", { keys: [{ ...okp, kid: "x".repeat(limits.jwksBytesMax) }] }],
]
for (const [what, document] of bad) {
  test(`a JWKS ${what} is refused`, () => assert.equal(parseJwks(document), undefined))
}

const addresses: readonly (readonly [string, boolean])[] = [
  ["https://login.example/jwks", true],
  ["https://login.example:8443/a?b=c", true],
  ["http://login.example/jwks", false],
  ["https://user:secret@login.example/jwks", false],
  ["https://login.example/jwks#one", false],
  ["file:///etc/passwd", false],
  ["login.example", false],
  ["", false],
]
for (const [text, fits] of addresses) {
  test(`"${text}" is ${fits ? "an" : "no"} address to fetch keys from`, () => {
    assert.equal(isHttpsUri(text), fits)
  })
}

test("inline keys are never fetched, and stay the same object while the record does", async () => {
  const keySets = createKeySets({ fetch: () => assert.fail("fetched") })
  const issuer = issuerOf([await makeKey("EdDSA", "one")])
  const first = await keySets.current(issuer, start)
  assert.ok(first)
  assert.equal(await keySets.current({ ...issuer }, start), first)
  assert.equal(await keySets.renewed(issuer, start), first)
  assert.notEqual(await keySets.current({ ...issuer, revision: 2 }, start), first)
})

test("a fetched set that is refused leaves the one before it in place", async () => {
  const { jwk } = await makeKey("EdDSA", "one")
  const { jwks: _, ...inline } = issuerOf([])
  const issuer = { ...inline, jwksUri: "https://login.example/jwks" }
  const documents: unknown[] = [{ keys: [jwk] }, { keys: [] }, { keys: [jwk] }]
  const keySets = createKeySets({ fetch: async () => documents.shift() })
  const first = await keySets.current(issuer, start)
  assert.ok(first)
  assert.equal(await keySets.current(issuer, later(limits.jwksFreshMs)), first)
  assert.equal(documents.length, 1)
  const again = later(limits.jwksFreshMs + limits.jwksCooldownMs)
  assert.equal(await keySets.current(issuer, again), first, "same content, same object")
  assert.equal(documents.length, 0)
})
