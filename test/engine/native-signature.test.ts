/** The addon's signatures: node:crypto, where it makes the same ones, finds them good. */
import assert from "node:assert/strict"
import {
  constants,
  createHash,
  generateKeyPairSync,
  publicEncrypt,
  sign,
  verify,
  type KeyObject,
  type SignKeyObjectInput,
} from "node:crypto"
import { test } from "node:test"
import type { SchemeParameters } from "../../src/engine/native/addon.ts"
import { flip, none } from "./fixture.ts"
import { decryptLater, signLater } from "../../src/engine/native/later.ts"
import { addon, skip } from "./native.ts"

const pkcs8 = { format: "der", type: "pkcs8" } as const
const spki = { format: "der", type: "spki" } as const
const message = new TextEncoder().encode("the digest of this is signed")
interface Pair {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}
interface Case {
  readonly name: string
  readonly pair: Pair
  readonly parameters: SchemeParameters
  readonly options: Omit<SignKeyObjectInput, "key">
}
const rsa: Pair = generateKeyPairSync("rsa", { modulusLength: 2048 })
const curves = [
  ["secp224r1", "prime256v1", "secp384r1", "secp521r1", "secp256k1"],
  ["brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"],
].flat()
const { RSA_PKCS1_PSS_PADDING, RSA_PKCS1_PADDING } = constants
const cases: readonly Case[] = [
  ...curves.map((namedCurve) => ({
    name: namedCurve,
    pair: generateKeyPairSync("ec", { namedCurve }),
    parameters: {},
    options: {},
  })),
  {
    name: "PKCS#1",
    pair: rsa,
    parameters: { "pad-mode": "pkcs1" },
    options: { padding: RSA_PKCS1_PADDING },
  },
  {
    name: "PSS",
    pair: rsa,
    parameters: { "pad-mode": "pss", saltlen: 20 },
    options: { padding: RSA_PKCS1_PSS_PADDING, saltLength: 20 },
  },
]
const hashes = [
  ["sha1", "sha224", "sha256", "sha384", "sha512", "sha512-256"],
  ["sha3-224", "sha3-256", "sha3-384", "sha3-512", "ripemd160"],
].flat()

for (const { name, pair, parameters, options } of cases) {
  test(`${name}: node:crypto and the addon agree`, { skip }, async () => {
    const ours = addon().privateKey(pair.privateKey.export(pkcs8))
    const half = addon().publicKey(pair.publicKey.export(spki))
    // PSS knows no RIPEMD-160 in node:crypto.
    for (const hash of name === "PSS" ? hashes.slice(0, -1) : hashes) {
      const digest = createHash(hash).update(message).digest()
      const scheme = addon().scheme(undefined, "digest", { digest: hash, ...parameters })
      const made = [
        addon().sign(ours, scheme, digest),
        ...(await signLater(addon(), { key: ours, scheme, inputs: [digest, digest] })),
        Uint8Array.from(sign(hash, message, { key: pair.privateKey, ...options })),
      ]
      for (const signature of made) {
        assert.ok(verify(hash, message, { key: pair.publicKey, ...options }, signature), hash)
        for (const key of [ours, half]) {
          assert.ok(addon().verify(key, scheme, digest, signature), hash)
          assert.ok(!addon().verify(key, scheme, flip(digest, 3), signature))
          assert.ok(!addon().verify(key, scheme, digest, flip(signature, 99)))
        }
      }
    }
  })
}

const pair: Pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" })
const key = () => addon().privateKey(pair.privateKey.export(pkcs8))
const ecdsa = () => addon().scheme(undefined, "digest", { digest: "sha256" })
const refusals: Record<string, readonly [() => unknown, string]> = {
  "a digest one byte short": [
    () => addon().sign(key(), ecdsa(), new Uint8Array(31)),
    "KEYHOLD_FAILED",
  ],
  "PSS with an EC key": [
    () => {
      const pss = addon().scheme(undefined, "digest", { digest: "sha256", "pad-mode": "pss" })
      return [key(), rsaKey()].map((one) => addon().sign(one, pss, none))
    },
    "KEYHOLD_FAILED",
  ],
  "an algorithm of another key": [
    () => addon().sign(key(), addon().scheme("ED25519", "message", {}), message),
    "KEYHOLD_FAILED",
  ],
  "an algorithm that is none": [() => addon().scheme("ED25518", "message", {}), "KEYHOLD_ARGUMENT"],
  "a context of 256 bytes": [
    () => addon().scheme("ED448", "message", { "context-string": new Uint8Array(256) }),
    "KEYHOLD_ARGUMENT",
  ],
  "a salt below none": [
    () => addon().scheme(undefined, "digest", { saltlen: -1 }),
    "KEYHOLD_ARGUMENT",
  ],
  "a public key that is to sign": [
    () => {
      const half = addon().publicKey(pair.publicKey.export(spki))
      return addon().sign(half, ecdsa(), new Uint8Array(32))
    },
    "KEYHOLD_ARGUMENT",
  ],
}

function rsaKey(): ReturnType<typeof key> {
  return addon().privateKey(rsa.privateKey.export(pkcs8))
}

for (const [what, [call, code]] of Object.entries(refusals)) {
  test(`the addon refuses ${what}, and goes on`, { skip }, () => {
    assert.throws(call, { code })
    assert.ok(addon().sign(key(), ecdsa(), new Uint8Array(32)))
  })
}

test(
  "of inputs signed in one job each has its own signature; one that fails fails them all",
  {
    skip,
  },
  async () => {
    const inputs = Array.from({ length: 600 }, (_, at) =>
      createHash("sha256").update(`${at}`).digest(),
    )
    const made = await signLater(addon(), { key: key(), scheme: ecdsa(), inputs })
    assert.equal(made.length, 600)
    for (const [at, signature] of made.entries()) {
      assert.ok(verify("sha256", Buffer.from(`${at}`), pair.publicKey, signature))
    }
    const spoilt = [...inputs.slice(0, 3), none]
    await assert.rejects(signLater(addon(), { key: key(), scheme: ecdsa(), inputs: spoilt }), {
      code: "KEYHOLD_FAILED",
    })
  },
)

test(
  "of ciphertexts opened in one job each that does not open is nothing by itself",
  {
    skip,
  },
  async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 })
    const oaepHash = "sha256"
    const padding = constants.RSA_PKCS1_OAEP_PADDING
    const plaintexts = ["a", "", "c".repeat(190)].map((text) => Buffer.from(text))
    const sealed = plaintexts.map((plaintext) =>
      publicEncrypt({ key: rsa.publicKey, padding, oaepHash }, plaintext),
    )
    const scheme = addon().scheme(undefined, "digest", {
      "pad-mode": "oaep",
      digest: "sha256",
      "mgf1-digest": "sha256",
    })
    const [first = none, second = none, third = none] = sealed
    const flipped = Buffer.from(first)
    flipped.writeUInt8(flipped.readUInt8(200) ^ 1, 200)
    const opened = await decryptLater(addon(), {
      key: addon().privateKey(rsa.privateKey.export({ format: "der", type: "pkcs8" })),
      scheme,
      inputs: [first, flipped, second, none, Buffer.alloc(256, 255), third],
    })
    assert.deepEqual(
      opened.map((one) => one && Buffer.from(one).toString()),
      ["a", undefined, "", undefined, undefined, "c".repeat(190)],
    )
  },
)

test("a key signs on after a signature that failed", { skip }, () => {
  const [one, scheme] = [key(), ecdsa()]
  assert.throws(() => addon().sign(one, scheme, none), { code: "KEYHOLD_FAILED" })
  const digest = createHash("sha256").update(message).digest()
  const signature = addon().sign(one, scheme, digest)
  assert.ok(verify("sha256", message, pair.publicKey, signature))
})

test("a signature on its way survives its key's last reference", { skip }, async () => {
  const digest = createHash("sha256").update(message).digest()
  const sixty = Array.from({ length: 60 }, () =>
    signLater(addon(), { key: key(), scheme: ecdsa(), inputs: [digest, digest, digest] }),
  )
  for (const signature of (await Promise.all(sixty)).flat()) {
    assert.ok(verify("sha256", message, pair.publicKey, signature))
  }
})
