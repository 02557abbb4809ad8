/** The OpenSSL command line of the system agrees on key pairs, both ways. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { KeyAlgorithmId, MechanismId } from "../../src/domain/algorithms.ts"
import { decrypt, encrypt } from "../../src/engine/cipher.ts"
import { generateMaterial } from "../../src/engine/generate.ts"
import { openHandle, type KeyHandle } from "../../src/engine/key-handle.ts"
import { sign, verify } from "../../src/engine/signature.ts"
import { flip, keyId, none, permit } from "./fixture.ts"
import { file, message, messageFile, run, skip } from "./openssl.ts"

const signing: readonly [MechanismId, KeyAlgorithmId, string, string[]][] = [
  ["ECDSA_SHA_256", "EC_P256", "sha256", []],
  ["ECDSA_SHA_384", "EC_P384", "sha384", []],
  ["ECDSA_SHA_512", "EC_P521", "sha512", []],
  ["ECDSA_SHA_1", "EC_P256", "sha1", []],
  ["ECDSA_SHA_224", "EC_P224", "sha224", []],
  ["ECDSA_SHA_224", "EC_BRAINPOOL_P224", "sha224", []],
  ["ECDSA_SHA_256", "EC_SECP256K1", "sha256", []],
  ["ECDSA_SHA_256", "EC_BRAINPOOL_P256", "sha256", []],
  ["ECDSA_SHA_384", "EC_BRAINPOOL_P320", "sha384", []],
  ["ECDSA_SHA_384", "EC_BRAINPOOL_P384", "sha384", []],
  ["ECDSA_SHA_512", "EC_BRAINPOOL_P512", "sha512", []],
  ["ECDSA_SHA3_256", "EC_P256", "sha3-256", []],
  ["ECDSA_SHA3_384", "EC_P384", "sha3-384", []],
  ["ECDSA_SHA3_512", "EC_P521", "sha3-512", []],
  ["RSA_PKCS1_SHA_1", "RSA_2048", "sha1", []],
  ["RSA_PKCS1_SHA_224", "RSA_2048", "sha224", []],
  ["RSA_PKCS1_SHA3_256", "RSA_2048", "sha3-256", []],
  ["RSA_PKCS1_SHA3_384", "RSA_2048", "sha3-384", []],
  ["RSA_PKCS1_SHA3_512", "RSA_2048", "sha3-512", []],
  ["RSA_PSS_SHA_1", "RSA_2048", "sha1", pssOptions(20)],
  ["RSA_PSS_SHA_224", "RSA_2048", "sha224", pssOptions(28)],
  ["RSA_PSS_SHA3_256", "RSA_2048", "sha3-256", pssOptions(32)],
  ["RSA_PSS_SHA3_384", "RSA_2048", "sha3-384", pssOptions(48)],
  ["RSA_PSS_SHA3_512", "RSA_2048", "sha3-512", pssOptions(64)],
  ["RSA_PKCS1_SHA_256", "RSA_2048", "sha256", []],
  ["RSA_PKCS1_SHA_384", "RSA_2048", "sha384", []],
  ["RSA_PKCS1_SHA_512", "RSA_2048", "sha512", []],
  ["RSA_PSS_SHA_256", "RSA_2048", "sha256", pssOptions(32)],
  ["RSA_PSS_SHA_384", "RSA_2048", "sha384", pssOptions(48)],
  ["RSA_PSS_SHA_512", "RSA_2048", "sha512", pssOptions(64)],
  ["RSA_PSS_SHA_512_256", "RSA_2048", "sha512-256", pssOptions(32)],
  ["RSA_PSS_SHA3_224", "RSA_2048", "sha3-224", pssOptions(28)],
  ["RSA_PKCS1_SHA_512_224", "RSA_2048", "sha512-224", []],
  ["RSA_PKCS1_RIPEMD_160", "RSA_2048", "ripemd160", []],
  ["ECDSA_SHA_512_256", "EC_P256", "sha512-256", []],
  ["ECDSA_SHA3_224", "EC_P224", "sha3-224", []],
  ["ECDSA_RIPEMD_160", "EC_P256", "ripemd160", []],
  ["ECDSA_BLAKE2B_512", "EC_P521", "blake2b512", []],
  ["ECDSA_BLAKE2S_256", "EC_P256", "blake2s256", []],
  ["DSA_SHA_256", "DSA_2048", "sha256", []],
  ["DSA_SHA3_512", "DSA_2048", "sha3-512", []],
]

const made = new Map<KeyAlgorithmId, Promise<Pair>>()
interface Pair {
  readonly handle: KeyHandle
  readonly privateFile: string
  readonly publicFile: string
}

function pairOf(algorithm: KeyAlgorithmId): Promise<Pair> {
  const known = made.get(algorithm) ?? makePair(algorithm)
  made.set(algorithm, known)
  return known
}

async function makePair(algorithm: KeyAlgorithmId): Promise<Pair> {
  const { material, publicKey = none } = await generateMaterial(algorithm)
  return {
    handle: openHandle({ keyId, version: 1, algorithm, material, publicKey }),
    privateFile: material.lend((der) => file(`${algorithm}.key`, der)),
    publicFile: file(`${algorithm}.pub`, publicKey),
  }
}

for (const [mechanism, algorithm, hash, options] of signing) {
  test(
    `${mechanism} with ${algorithm}: each verifies the other's signature`,
    { skip },
    async () => {
      const { handle, privateFile, publicFile } = await pairOf(algorithm)
      const ours = await sign(permit("key.sign", handle, mechanism), handle, { mechanism, message })
      const checks = (signature: Uint8Array): boolean => {
        const checking = ["-verify", publicFile, "-signature", file("signature", signature)]
        return run(["dgst", `-${hash}`, "-keyform", "DER", ...options, ...checking, messageFile]).ok
      }
      assert.ok(checks(ours))
      assert.ok(!checks(flip(ours, 100)))
      const theirs = run([
        "dgst",
        `-${hash}`,
        "-keyform",
        "DER",
        ...options,
        "-sign",
        privateFile,
        messageFile,
      ]).stdout
      const verifying = permit("key.verify", handle, mechanism)
      assert.ok(verify(verifying, handle, { mechanism, message, signature: theirs }))
      assert.ok(!verify(verifying, handle, { mechanism, message, signature: flip(theirs, 100) }))
    },
  )
}

for (const mechanism of ["ED25519", "ED448"] as const) {
  test(`${mechanism}: each verifies the other's signature`, { skip }, async () => {
    const { handle, privateFile, publicFile } = await pairOf(mechanism)
    const ours = await sign(permit("key.sign", handle, mechanism), handle, { mechanism, message })
    const common = ["pkeyutl", "-rawin", "-in", messageFile, "-keyform", "DER"]
    const theirs = run([...common, "-sign", "-inkey", privateFile]).stdout
    assert.equal(theirs.toHex(), ours.toHex())
    const checking = [...common, "-verify", "-pubin", "-inkey", publicFile, "-sigfile"]
    assert.ok(run([...checking, file("signature", ours)]).ok)
    assert.ok(!run([...checking, file("signature", flip(ours, 100))]).ok)
  })
}

for (const [hash, name] of [
  [1, "sha1"],
  [256, "sha256"],
  [384, "sha384"],
  [512, "sha512"],
] as const) {
  const mechanism = `RSA_OAEP_SHA_${hash}` as const
  test(`${mechanism}: each decrypts what the other encrypted`, { skip }, async () => {
    const { handle, privateFile, publicFile } = await pairOf("RSA_2048")
    const options = ["rsa_padding_mode:oaep", `rsa_oaep_md:${name}`, `rsa_mgf1_md:${name}`]
    const common = ["pkeyutl", "-keyform", "DER", ...options.flatMap((one) => ["-pkeyopt", one])]
    const encrypting = permit("key.encrypt", handle, mechanism)
    const { ciphertext } = encrypt(encrypting, handle, { mechanism, plaintext: message, aad: none })
    const opening = [...common, "-decrypt", "-inkey", privateFile, "-in"]
    assert.equal(run([...opening, file("ciphertext", ciphertext)]).stdout.toHex(), message.toHex())
    assert.ok(!run([...opening, file("ciphertext", flip(ciphertext, 100))]).ok)
    const theirs = run([
      ...common,
      "-encrypt",
      "-pubin",
      "-inkey",
      publicFile,
      "-in",
      messageFile,
    ]).stdout
    const input = { mechanism, iv: none, aad: none, ciphertext: theirs }
    const opened = await decrypt(permit("key.decrypt", handle, mechanism), handle, input)
    assert.equal(opened.toHex(), message.toHex())
  })
}

for (const algorithm of [
  "RSA_2048",
  "EC_P224",
  "EC_P256",
  "EC_P384",
  "EC_P521",
  "EC_SECP256K1",
  "EC_BRAINPOOL_P512",
  "ED25519",
  "ED448",
] as const) {
  test(`OpenSSL finds a new ${algorithm} key sound`, { skip }, async () => {
    const { privateFile, publicFile } = await pairOf(algorithm)
    assert.ok(run(["pkey", "-inform", "DER", "-in", privateFile, "-noout", "-check"]).ok)
    assert.ok(run(["pkey", "-inform", "DER", "-pubin", "-in", publicFile, "-noout"]).ok)
  })
}

function pssOptions(saltBytes: number): string[] {
  const options = ["rsa_padding_mode:pss", `rsa_pss_saltlen:${saltBytes}`]
  return options.flatMap((one) => ["-sigopt", one])
}
