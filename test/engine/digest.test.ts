/** Bare digests: whoever hashes the message himself gets and checks the very same signatures. */
import assert from "node:assert/strict"
import { createHash, generateKeyPairSync } from "node:crypto"
import { test } from "node:test"
import { keyAlgorithm, keyAlgorithms, type KeyAlgorithmId } from "../../src/domain/algorithms.ts"
import { ecdsaDigest } from "../../src/engine/digest/ecdsa.ts"
import { nativeDigests } from "../../src/engine/digest/native.ts"
import { digestMechanism, type DigestHash, type DigestRows } from "../../src/engine/digest/row.ts"
import { pkcs1Digest, pssDigest } from "../../src/engine/digest/rsa.ts"
import { signDigest, verifyDigest } from "../../src/engine/digest/sign.ts"
import type { NativeKey } from "../../src/engine/native/provider.ts"
import { sign, verify } from "../../src/engine/signature.ts"
import { flip, newHandle, none, permit } from "./fixture.ts"
import { addon, isOff, skip } from "./native.ts"

const message = new TextEncoder().encode("hashed by its sender")

/** Those of RSA that differ by their size alone would take long. */
const pairs = (Object.keys(keyAlgorithms) as KeyAlgorithmId[]).filter(
  (algorithm) => algorithm === "RSA_2048" || algorithm.startsWith("EC_"),
)
for (const algorithm of pairs) {
  test(`${algorithm}: signatures over digest and message verify as each other`, async () => {
    const handle = await newHandle(algorithm)
    const mechanisms = keyAlgorithm(algorithm).mechanisms.filter((mechanism) => {
      return digestMechanism(mechanism) !== undefined
    })
    assert.ok(mechanisms.length > 0)
    for (const mechanism of mechanisms) {
      const name = digestMechanism(mechanism)?.hash.name ?? "sha1"
      const digest = createHash(name).update(message).digest()
      const signing = permit("key.sign", handle, mechanism)
      const checking = permit("key.verify", handle, mechanism)
      const overDigest = await signDigest(signing, handle, { mechanism, digest })
      const overMessage = await sign(signing, handle, { mechanism, message })
      for (const signature of [overDigest, overMessage]) {
        const bad = flip(signature, 77)
        assert.ok(verify(checking, handle, { mechanism, message, signature }), mechanism)
        assert.ok(!verify(checking, handle, { mechanism, message, signature: bad }))
        assert.ok(verifyDigest(checking, handle, { mechanism, digest, signature }), mechanism)
        assert.ok(!verifyDigest(checking, handle, { mechanism, digest, signature: bad }))
        const other = flip(digest, 5)
        assert.ok(!verifyDigest(checking, handle, { mechanism, digest: other, signature }))
      }
      assert.ok(!verifyDigest(checking, handle, { mechanism, digest, signature: none }))
    }
  })
}

test("a digest of another length, or for what hashes by itself, is malformed", async () => {
  const handle = await newHandle("EC_P256")
  const signing = permit("key.sign", handle, "ECDSA_SHA_256")
  const input = { mechanism: "ECDSA_SHA_256", digest: new Uint8Array(32) } as const
  assert.ok(signDigest(signing, handle, input))
  for (const length of [0, 20, 31, 33, 48]) {
    const digest = new Uint8Array(length)
    assert.throws(() => signDigest(signing, handle, { ...input, digest }), {
      code: "MALFORMED_REQUEST",
      detail: { field: "/message" },
    })
  }
  const edwards = await newHandle("ED25519")
  const alone = { mechanism: "ED25519", digest: new Uint8Array(64) } as const
  assert.throws(() => signDigest(permit("key.sign", edwards, "ED25519"), edwards, alone), {
    code: "MALFORMED_REQUEST",
    detail: { field: "/mechanism" },
  })
})

test("messageType tells a digest from a message, in either encoding", async () => {
  const mechanism = "ECDSA_SHA_256"
  const handle = await newHandle("EC_P256")
  const [signing, checking] = [
    permit("key.sign", handle, mechanism),
    permit("key.verify", handle, mechanism),
  ]
  const digest = createHash("sha256").update(message).digest()
  for (const encoding of ["der", "raw"] as const) {
    const asked = { mechanism, encoding } as const
    const digested = { ...asked, message: digest, messageType: "digest" } as const
    const signature = await sign(signing, handle, digested)
    assert.ok(verify(checking, handle, { ...asked, message, signature }))
    assert.ok(verify(checking, handle, { ...digested, signature }))
    assert.ok(!verify(checking, handle, { ...asked, message: digest, signature }))
    assert.ok(!verify(checking, handle, { ...digested, signature: flip(signature, 77) }))
  }
  const short = { mechanism, message: digest.subarray(1), messageType: "digest" } as const
  assert.throws(() => sign(signing, handle, short), { code: "MALFORMED_REQUEST" })
})

test("a permit to verify does not sign a digest", async () => {
  const handle = await newHandle("EC_P256")
  const input = { mechanism: "ECDSA_SHA_256", digest: new Uint8Array(32) } as const
  assert.throws(() => signDigest(permit("key.verify", handle, "ECDSA_SHA_256"), handle, input), {
    code: "ERR_ASSERTION",
  })
})

const curves = [
  ["secp224r1", "prime256v1", "secp384r1", "secp521r1", "secp256k1", "brainpoolP224r1"],
  ["brainpoolP256r1", "brainpoolP320r1", "brainpoolP384r1", "brainpoolP512r1"],
].flat()
const sha256: DigestHash = { name: "sha256", bytes: 32 }
const sha512: DigestHash = { name: "sha512", bytes: 64 }
const scripts: DigestRows<NativeKey> = { ecdsa: ecdsaDigest, pss: pssDigest, pkcs1: pkcs1Digest }
const made = [
  ...curves.map((namedCurve) => {
    return [namedCurve, "ecdsa", generateKeyPairSync("ec", { namedCurve })] as const
  }),
  ...(["pss", "pkcs1"] as const).map((scheme) => {
    return ["RSA", scheme, generateKeyPairSync("rsa", { modulusLength: 2048 })] as const
  }),
]
for (const [name, scheme, { privateKey, publicKey }] of isOff ? [] : made) {
  test(`${scheme} with ${name}: addon and JavaScript verify each other`, { skip }, async () => {
    const pkcs8 = privateKey.export({ format: "der", type: "pkcs8" })
    const key: NativeKey = {
      // Neither looks at it.
      algorithm: "EC_P256",
      lane: "fast",
      secret: privateKey,
      public: publicKey,
      pair: addon().privateKey(pkcs8),
    }
    const rows = [nativeDigests(addon())[scheme], scripts[scheme]]
    for (const hash of [sha256, sha512]) {
      const digest = createHash(hash.name).update(message).digest()
      for (const signer of rows) {
        const signature = await signer.sign(key, hash, digest)
        for (const checker of rows) {
          assert.ok(checker.verify(key, hash, digest, signature))
          assert.ok(!checker.verify(key, hash, flip(digest, 9), signature))
          assert.ok(!checker.verify(key, hash, digest, flip(signature, 60)))
          assert.ok(!checker.verify(key, hash, digest, signature.subarray(1)))
        }
      }
    }
  })
}
