/**
 * Every form of every signature, by both providers: OpenSSL through the addon and JavaScript find
 * each other's signatures good, and without random bits they make the very same.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  keyAlgorithm,
  keyAlgorithms,
  mechanismRow,
  muBytes,
  type KeyAlgorithmId,
} from "../../src/domain/algorithms.ts"
import { hash } from "../../src/engine/hash.ts"
import { nativeProvider } from "../../src/engine/native/provider.ts"
import { nodeProvider } from "../../src/engine/node/provider.ts"
import type { OpenKey } from "../../src/engine/open-keys.ts"
import type { Provider, SignatureId, SignatureParameters } from "../../src/engine/provider.ts"
import { generateMaterial } from "../../src/engine/generate.ts"
import type { HashId } from "../../src/domain/hashes.ts"
import { hashes } from "../../src/domain/hashes.ts"
import { sign, verify } from "../../src/engine/signature.ts"
import { flip, handleOf, newHandle, none, permit } from "./fixture.ts"
import { addon, isOff, skip } from "./native.ts"

const message = new TextEncoder().encode("signed by either")
const context = new TextEncoder().encode("context")

interface Form {
  readonly message: Uint8Array
  readonly parameters: SignatureParameters
}

/** What a mechanism's row says it takes, in every combination that differs. */
function formsOf(mechanism: SignatureId): readonly Form[] {
  const row = mechanismRow(mechanism)
  const contexts = {
    required: [context],
    optional: [none, context],
    none: [none],
  }[row.context ?? "none"]
  const repeats = row.deterministic === true ? [false, true] : [false]
  const bare =
    mechanism === "ECDSA_NONE" || mechanism === "DSA_NONE"
      ? message.subarray(0, 12)
      : mechanism === "BIP340_SCHNORR"
        ? hash("SHA_256", message)
        : message
  const types = [
    ["message", bare],
    ...(row.digestBytes === undefined ? [] : [["digest", digestFor(mechanism)] as const]),
    ...(row.mu === true ? [["mu", new Uint8Array(muBytes).fill(7)] as const] : []),
  ] as const
  const taproot = [{}, { merkleRoot: none }, { merkleRoot: new Uint8Array(32).fill(4) }]
  const pss = [{}, { saltLength: 0 }, { saltLength: 111 }]
  const salts: readonly Partial<SignatureParameters>[] =
    row.pss === true
      ? [...pss, { mgfHash: "SHA_1" }, { mgfHash: "SHA3_512" }]
      : row.taproot === true
        ? [...taproot, { auxRandom: new Uint8Array(32).fill(6) }]
        : [{}]
  return contexts.flatMap((bound) =>
    repeats.flatMap((deterministic) =>
      types.flatMap(([messageType, given]) =>
        salts.map((salt) => ({
          message: given,
          parameters: { messageType, context: bound, deterministic, ...salt },
        })),
      ),
    ),
  )
}

/** The digest of the message by a mechanism's own hash, which its name ends with. */
function digestFor(mechanism: SignatureId): Uint8Array {
  if (mechanism === "ED25519_PH") return hash("SHA_512", message)
  if (mechanism === "ED448_PH") return hash("SHAKE_256", message)
  const [, name = ""] = /^(?:ECDSA|DSA|RSA_PSS|RSA_PKCS1|HASH_ML_DSA|HASH_SLH_DSA)_(.*)$/.exec(
    mechanism,
  ) ?? [""]
  assert.ok(Object.hasOwn(hashes, name), mechanism)
  return hash(name as HashId, message)
}

/** Sets that differ in size alone would take long; so would every hash with every curve. */
const algorithms = (Object.keys(keyAlgorithms) as KeyAlgorithmId[]).filter(
  (algorithm) =>
    /^(EC|ED|ML_DSA)/.test(algorithm) ||
    algorithm === "RSA_2048" ||
    algorithm === "DSA_2048" ||
    (algorithm === "SLH_DSA_SHA2_128F" && !isOff),
)
const providers = (): readonly Provider<OpenKey>[] =>
  isOff ? [nodeProvider] : [nodeProvider, nativeProvider(addon())]

for (const algorithm of algorithms) {
  const mechanisms = signaturesOf(algorithm)
  for (const mechanism of mechanisms) {
    test(
      `${mechanism} with ${algorithm}: both providers, every form`,
      { skip: !isOff && skip },
      async () => {
        const { material } = await materialOf(algorithm)
        const sides = providers().map((side) => ({
          row: side.signature[mechanism],
          key: side.keys[algorithm].open(material, undefined),
        }))
        for (const form of formsOf(mechanism)) await compare(sides, form)
      },
    )
  }
}

const known = new Map<KeyAlgorithmId, ReturnType<typeof generateMaterial>>()

function materialOf(algorithm: KeyAlgorithmId): ReturnType<typeof generateMaterial> {
  const made = known.get(algorithm) ?? generateMaterial(algorithm)
  known.set(algorithm, made)
  return made
}

function signaturesOf(algorithm: KeyAlgorithmId): readonly SignatureId[] {
  const all = keyAlgorithm(algorithm).mechanisms.filter(
    (mechanism): mechanism is SignatureId => mechanismRow(mechanism).kind === "signature",
  )
  if (algorithm === "SLH_DSA_SHA2_128F") return all.slice(1, 2)
  if (algorithm === "EC_SECP256K1") return all
  return algorithm.startsWith("EC_") && algorithm !== "EC_P256" ? all.slice(0, 2) : all
}

interface Side {
  readonly row: Provider<OpenKey>["signature"][SignatureId]
  readonly key: OpenKey
}

async function compare(sides: readonly Side[], form: Form): Promise<void> {
  const { message: given, parameters } = form
  const made: Uint8Array[] = []
  for (const { row, key } of sides) made.push(await row.sign(key, given, parameters))
  if (parameters.deterministic)
    assert.deepEqual(
      made.map(hexOf),
      made.map(() => hexOf(made[0])),
    )
  for (const signature of made) {
    for (const { row, key } of sides) {
      assert.ok(row.verify(key, given, signature, parameters), JSON.stringify(parameters))
      assert.ok(!row.verify(key, flip(given, 9), signature, parameters))
      assert.ok(!row.verify(key, given, flip(signature, 77), parameters))
      assert.ok(!row.verify(key, given, none, parameters))
      const other = { ...parameters, context: flip(context, 3) }
      if (parameters.context.length > 0 && parameters.messageType !== "mu") {
        assert.ok(!row.verify(key, given, signature, other))
      }
    }
  }
}

function hexOf(bytes: Uint8Array | undefined): string {
  return bytes?.toHex() ?? ""
}

test("a signature over a digest is one over its message", async () => {
  for (const [algorithm, mechanism] of [
    ["EC_P256", "ECDSA_DOUBLE_SHA_256"],
    ["RSA_2048", "RSA_PSS_SHA3_256"],
    ["ED25519", "ED25519_PH"],
    ["ML_DSA_44", "HASH_ML_DSA_SHAKE_128"],
  ] as const) {
    const handle = await newHandle(algorithm)
    const [signing, checking] = [
      permit("key.sign", handle, mechanism),
      permit("key.verify", handle, mechanism),
    ]
    const digest = digestFor(mechanism)
    const digested = { mechanism, message: digest, messageType: "digest" } as const
    const signature = await sign(signing, handle, digested)
    assert.ok(verify(checking, handle, { mechanism, message, signature }), mechanism)
    assert.ok(verify(checking, handle, { ...digested, signature }), mechanism)
    assert.ok(!verify(checking, handle, { mechanism, message: digest, signature }))
    assert.ok(!verify(checking, handle, { ...digested, message: flip(digest, 1), signature }))
  }
})

function shake(...parts: readonly Uint8Array[]): Uint8Array {
  return hash("SHAKE_256", Buffer.concat(parts))
}

test("mu is what FIPS 204 makes of key, context and message", async () => {
  const mechanism = "ML_DSA"
  const { material, publicKey = none } = await generateMaterial("ML_DSA_65")
  const handle = handleOf("ML_DSA_65", { material: material.lend((der) => der) })
  const [signing, checking] = [
    permit("key.sign", handle, mechanism),
    permit("key.verify", handle, mechanism),
  ]
  // FIPS 204 algorithms 2 and 7; an SPKI ends with the 1,952 bytes of the key.
  const framed = [Uint8Array.of(0, context.length), context, message]
  const mu = shake(shake(publicKey.subarray(-1952)), ...framed)
  const asked = { mechanism, message: mu, messageType: "mu" } as const
  const signature = await sign(signing, handle, asked)
  assert.ok(verify(checking, handle, { ...asked, signature }))
  assert.ok(!verify(checking, handle, { ...asked, message: flip(mu, 500), signature }))
  assert.ok(verify(checking, handle, { mechanism, message, context, signature }))
  assert.ok(!verify(checking, handle, { mechanism, message, signature }))
})

const refused: readonly [
  string,
  KeyAlgorithmId,
  SignatureId,
  Partial<Parameters<typeof sign>[2]>,
  string,
][] = [
  ["a digest one byte short", "EC_P256", "ECDSA_SHA_256", digest(31), "/message"],
  ["a digest one byte long", "RSA_2048", "RSA_PSS_SHA_512", digest(65), "/message"],
  ["an empty digest", "EC_P256", "ECDSA_SHA_256", digest(0), "/message"],
  ["a digest for Ed25519", "ED25519", "ED25519", digest(64), "/messageType"],
  ["a digest for bare bytes", "EC_P256", "ECDSA_NONE", digest(32), "/messageType"],
  ["mu for ECDSA", "EC_P256", "ECDSA_SHA_512", { messageType: "mu" }, "/messageType"],
  ["a short mu", "ML_DSA_44", "ML_DSA", { messageType: "mu", message: none }, "/message"],
  ["65 bare bytes", "EC_P256", "ECDSA_NONE", { message: new Uint8Array(65) }, "/message"],
  ["246 bare bytes", "RSA_2048", "RSA_PKCS1_NONE", { message: new Uint8Array(246) }, "/message"],
  ["a context for ECDSA", "EC_P256", "ECDSA_SHA_256", { context }, "/context"],
  ["no context where one belongs", "ED25519", "ED25519_CTX", {}, "/context"],
  ["a long context", "ED448", "ED448", { context: new Uint8Array(256) }, "/context"],
  ["a choice that RSA leaves not", "RSA_2048", "RSA_PKCS1_SHA_256", det(), "/deterministic"],
  ["a nonce for Ed25519", "ED25519", "ED25519", det(), "/deterministic"],
  ["a salt for PKCS#1", "RSA_2048", "RSA_PKCS1_SHA_256", { saltLength: 0 }, "/saltLength"],
  ["a salt for ECDSA", "EC_P256", "ECDSA_SHA_256", { saltLength: 0 }, "/saltLength"],
  ["MGF1 for ECDSA", "EC_P256", "ECDSA_SHA_256", { mgfHash: "SHA_256" }, "/mgfHash"],
  ["MGF1 of Keccak", "RSA_2048", "RSA_PSS_SHA_256", { mgfHash: "KECCAK_256" }, "/mgfHash"],
  ["31 bytes for Schnorr", "EC_SECP256K1", "BIP340_SCHNORR", { message: none }, "/message"],
  ["a merkle root for ECDSA", "EC_P256", "ECDSA_SHA_256", { merkleRoot: none }, "/merkleRoot"],
  ["a root of one byte", "EC_SECP256K1", "BIP340_SCHNORR", root(1), "/merkleRoot"],
  ["randomness of one byte", "EC_SECP256K1", "BIP340_SCHNORR", aux(1), "/auxRandom"],
  ["randomness for PSS", "RSA_2048", "RSA_PSS_SHA_256", aux(32), "/auxRandom"],
  ["a salt below none", "RSA_2048", "RSA_PSS_SHA_256", { saltLength: -1 }, "/saltLength"],
  ["a salt without room", "RSA_2048", "RSA_PSS_SHA_256", { saltLength: 223 }, "/saltLength"],
  ["an encoding of RSA", "RSA_2048", "RSA_PSS_SHA_256", { encoding: "raw" }, "/encoding"],
]

function digest(bytes: number) {
  return { messageType: "digest", message: new Uint8Array(bytes) } as const
}

function root(bytes: number) {
  return { message: new Uint8Array(32), merkleRoot: new Uint8Array(bytes) }
}

function aux(bytes: number) {
  return { message: new Uint8Array(32), auxRandom: new Uint8Array(bytes) }
}

function det() {
  return { deterministic: true } as const
}

for (const [what, algorithm, mechanism, given, field] of refused) {
  test(`${mechanism} refuses ${what}, and signs without`, async () => {
    const handle = await newHandle(algorithm)
    const signing = permit("key.sign", handle, mechanism)
    assert.throws(() => sign(signing, handle, { mechanism, message, ...given }), {
      code: "MALFORMED_REQUEST",
      detail: { field },
    })
    const row = mechanismRow(mechanism)
    const needed = row.context === "required" ? { context } : {}
    const sound = message.slice(0, row.messageBytes ?? 12)
    const padded = row.messageBytes === undefined ? sound : new Uint8Array(row.messageBytes)
    assert.ok(await sign(signing, handle, { mechanism, message: padded, ...needed }))
  })
}

test("the longest salt fits: all of the modulus but two bytes and the hash", async () => {
  const mechanism = "RSA_PSS_SHA_256"
  const handle = await newHandle("RSA_2048")
  const input = { mechanism, message, saltLength: 222 } as const
  const signature = await sign(permit("key.sign", handle, mechanism), handle, input)
  const checking = permit("key.verify", handle, mechanism)
  assert.ok(verify(checking, handle, { ...input, signature }))
  assert.ok(!verify(checking, handle, { mechanism, message, signature }))
})
