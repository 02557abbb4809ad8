/** The addon's signatures over digests: node:crypto, which hashes by itself, finds them good. */
import assert from "node:assert/strict"
import {
  constants,
  createHash,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto"
import { test } from "node:test"
import type { Hash, Scheme } from "../../src/engine/native/addon.ts"
import { flip } from "./fixture.ts"
import { addon, skip } from "./native.ts"

const pkcs8 = { format: "der", type: "pkcs8" } as const
const spki = { format: "der", type: "spki" } as const
const message = new TextEncoder().encode("the digest of this is signed")
interface Pair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}
const rsa: Pair = generateKeyPairSync("rsa", { modulusLength: 2048 })
const curves = [
  ["secp224r1", "prime256v1", "secp384r1", "secp521r1", "secp256k1"],
  ["brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"],
].flat()
const pairs = curves.map((namedCurve): readonly [string, Scheme, Pair] => {
  return [namedCurve, "ecdsa", generateKeyPairSync("ec", { namedCurve })]
})
const cases: readonly (readonly [string, Scheme, Pair])[] = [
  ...pairs,
  ["RSA", "pkcs1", rsa],
  ["RSA", "pss", rsa],
]
const hashes: readonly Hash[] = [
  ...(["sha1", "sha224", "sha256", "sha384", "sha512"] as const),
  ...(["sha3-224", "sha3-256", "sha3-384", "sha3-512"] as const),
]

for (const [name, scheme, { privateKey, publicKey }] of cases) {
  test(`${scheme} with ${name}: node:crypto and the addon agree`, { skip }, async () => {
    const ours = addon().privateKey(privateKey.export(pkcs8))
    const half = addon().publicKey(publicKey.export(spki))
    const { RSA_PKCS1_PSS_PADDING, RSA_PKCS1_PADDING, RSA_PSS_SALTLEN_DIGEST } = constants
    const options =
      scheme === "ecdsa"
        ? {}
        : scheme === "pss"
          ? { padding: RSA_PKCS1_PSS_PADDING, saltLength: RSA_PSS_SALTLEN_DIGEST }
          : { padding: RSA_PKCS1_PADDING }
    // Ethereum's hash has no DigestInfo.
    for (const hash of scheme === "ecdsa" ? [...hashes, "keccak-256" as const] : hashes) {
      const digest = createHash(hash).update(message).digest()
      const made = [
        addon().signDigest(ours, scheme, hash, digest),
        await addon().signDigestLater(ours, scheme, hash, digest),
        addon().sign(ours, scheme, hash, message),
        Uint8Array.from(sign(hash, message, { key: privateKey, ...options })),
      ]
      for (const signature of made) {
        assert.ok(verify(hash, message, { key: publicKey, ...options }, signature), hash)
        for (const key of [ours, half]) {
          assert.ok(addon().verifyDigest(key, scheme, hash, digest, signature), hash)
          assert.ok(!addon().verifyDigest(key, scheme, hash, flip(digest, 3), signature))
          assert.ok(!addon().verifyDigest(key, scheme, hash, digest, flip(signature, 99)))
        }
      }
    }
  })
}

const [, , pair = rsa] = pairs[1] ?? []
const key = (): ReturnType<ReturnType<typeof addon>["privateKey"]> =>
  addon().privateKey(pair.privateKey.export(pkcs8))
const refusals: Record<string, () => unknown> = {
  "a digest one byte short": () => addon().signDigest(key(), "ecdsa", "sha256", new Uint8Array(31)),
  "a digest one byte long": () =>
    addon().signDigestLater(key(), "ecdsa", "sha256", new Uint8Array(33)),
  "a digest of another hash": () =>
    addon().verifyDigest(key(), "ecdsa", "sha384", new Uint8Array(32), new Uint8Array(70)),
  "PSS with an EC key": () => addon().signDigest(key(), "pss", "sha256", new Uint8Array(32)),
  "a public key that is to sign": () => {
    const half = addon().publicKey(pair.publicKey.export(spki))
    return addon().signDigest(half, "ecdsa", "sha256", new Uint8Array(32))
  },
}
for (const [what, call] of Object.entries(refusals)) {
  test(`the addon refuses ${what}, and goes on`, { skip }, () => {
    assert.throws(call, { code: "KEYHOLD_ARGUMENT" })
    assert.ok(addon().signDigest(key(), "ecdsa", "sha256", new Uint8Array(32)))
  })
}

test("a signature on its way survives its key's last reference", { skip }, async () => {
  const digest = createHash("sha256").update(message).digest()
  const sixty = Array.from({ length: 60 }, () =>
    addon().signDigestLater(key(), "ecdsa", "sha256", digest),
  )
  for (const signature of await Promise.all(sixty)) {
    assert.ok(verify("sha256", message, pair.publicKey, signature))
  }
})
