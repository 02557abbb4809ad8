/** Key material: what is made is sound, what is brought along is checked, what leaves is whole. */
import assert from "node:assert/strict"
import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto"
import { test } from "node:test"
import { keyAlgorithm, keyAlgorithms, type KeyAlgorithmId } from "../../src/domain/algorithms.ts"
import { exportMaterial } from "../../src/engine/export.ts"
import { generateMaterial, importMaterial } from "../../src/engine/generate.ts"
import { openHandle, type KeyHandle } from "../../src/engine/key-handle.ts"
import type { ImportFormat } from "../../src/engine/provider.ts"
import { sign, verify } from "../../src/engine/signature.ts"
import { flip, handleOf, keyId, newHandle, none, permit } from "./fixture.ts"
import { isRepeated } from "./native.ts"

// The table's keys are the algorithms. A pair of RSA-8192 or DSA-3072 takes some ten seconds to
// make, by the same row as the smaller ones; its known answer is tested with theirs. Seeds and
// what counts signatures never leave: chains.test.ts and hash-based.test.ts.
const algorithms = (Object.keys(keyAlgorithms) as KeyAlgorithmId[]).filter(
  (algorithm) =>
    algorithm !== "RSA_8192" &&
    algorithm !== "DSA_3072" &&
    keyAlgorithm(algorithm).form !== "seed" &&
    !/^(LMS|HSS|XMSS)_/.test(algorithm) &&
    isRepeated(algorithm),
)

for (const algorithm of algorithms) {
  test(`${algorithm}: a new key leaves, comes back and is the same; no two are`, async () => {
    const made = await generateMaterial(algorithm)
    const format = keyAlgorithm(algorithm).form === "secret" ? "raw" : "pkcs8"
    const bytes = made.material.lend((raw) => raw.slice())
    const handle = openHandle({ keyId, version: 1, algorithm, ...made })
    const exported = exportMaterial(permit("key.export-plain", handle), handle)
    assert.equal(
      exported.lend((raw) => raw.toHex()),
      bytes.toHex(),
    )
    const back = await importMaterial(algorithm, format, bytes)
    assert.equal(
      back.material?.lend((raw) => raw.toHex()),
      bytes.toHex(),
    )
    assert.deepEqual(back.publicKey, made.publicKey)
    assert.equal(made.publicKey === undefined, format === "raw")
    if (
      algorithm === "RSA_3072" ||
      algorithm === "RSA_4096" ||
      algorithm.endsWith("S") ||
      algorithm === "DSA_2048"
    )
      return
    const another = await generateMaterial(algorithm)
    assert.notEqual(
      another.material.lend((raw) => raw.toHex()),
      bytes.toHex(),
    )
  })

  test(`${algorithm}: import refuses everything that is not exactly such a key`, async () => {
    const { form } = keyAlgorithm(algorithm)
    const formats: ImportFormat[] = form === "secret" ? ["raw"] : ["pkcs8", "spki"]
    const odd = [Uint8Array.of(0x30), Uint8Array.of(0x30, 0x00), new Uint8Array(200).fill(7)]
    // Secrets of any length have but their bounds, and are not zeros.
    const isAny = algorithm === "GENERIC_SECRET" || algorithm === "PASSWORD"
    const junk = [none, ...(isAny ? [new Uint8Array(1_025).fill(7), new Uint8Array(16)] : odd)]
    for (const format of formats) {
      for (const bytes of junk) await refused(algorithm, format, bytes)
    }
    const others: ImportFormat[] = form === "secret" ? ["pkcs8", "spki"] : ["raw"]
    for (const format of others) await refused(algorithm, format, none, "/format")
  })
}

for (const algorithm of ["AES_128", "AES_192", "AES_256"] as const) {
  test(`${algorithm}: import refuses a byte more, a byte less, and zeros`, async () => {
    const bytes = Number(algorithm.slice(4)) / 8
    assert.ok((await importMaterial(algorithm, "raw", new Uint8Array(bytes).fill(1))).material)
    await refused(algorithm, "raw", new Uint8Array(bytes))
    await refused(algorithm, "raw", new Uint8Array(bytes + 1).fill(1))
    await refused(algorithm, "raw", new Uint8Array(bytes - 1).fill(1))
  })
}

test("TDEA: import refuses keys of which two parts are the same but for parity", async () => {
  assert.ok((await importMaterial("TDEA", "raw", threeParts("246"))).material)
  for (const weak of ["234", "245", "243"]) await refused("TDEA", "raw", threeParts(weak))
})

/** 8 bytes of each digit. */
function threeParts(digits: string): Uint8Array {
  return Uint8Array.from({ length: 24 }, (_, at) => Number(digits[Math.floor(at / 8)]))
}

test("import keeps no hold on the caller's bytes", async () => {
  const given = new Uint8Array(32).fill(1)
  const { material } = await importMaterial("AES_256", "raw", given)
  given.fill(2)
  assert.ok(material?.lend((raw) => raw.every((byte) => byte === 1)))
})

const pairs = [
  "RSA_2048",
  "EC_P256",
  "EC_P384",
  "EC_P521",
  "EC_P224",
  "EC_SECP256K1",
  "EC_BRAINPOOL_P320",
  "ED25519",
  "ED448",
  "ML_DSA_44",
  "SLH_DSA_SHA2_128F",
] as const
/** A private key that is any bytes of its length: some flipped bits give another key. */
const anyBytes = ["ED25519", "ED448", "ML_DSA_44", "SLH_DSA_SHA2_128F"]
const sample = new Map<KeyAlgorithmId, { pkcs8: Uint8Array; spki: Uint8Array }>()
for (const algorithm of pairs) {
  const { material, publicKey = none } = await generateMaterial(algorithm)
  sample.set(algorithm, { pkcs8: material.lend((raw) => raw.slice()), spki: publicKey })
}

for (const algorithm of pairs) {
  const { pkcs8, spki } = sample.get(algorithm) ?? { pkcs8: none, spki: none }

  test(`${algorithm}: import refuses trailing bytes and other algorithms' keys`, async () => {
    await refused(algorithm, "pkcs8", Uint8Array.of(...pkcs8, 0))
    await refused(algorithm, "spki", Uint8Array.of(...spki, 0))
    await refused(algorithm, "pkcs8", pkcs8.subarray(0, -1))
    await refused(algorithm, "pkcs8", spki)
    await refused(algorithm, "spki", pkcs8)
    for (const [other, foreign] of sample) {
      if (other === algorithm) continue
      await refused(algorithm, "pkcs8", foreign.pkcs8)
      await refused(algorithm, "spki", foreign.spki)
    }
  })

  test(`${algorithm}: a public half alone verifies and refuses to sign or to leave`, async () => {
    const whole = handleOf(algorithm, { material: pkcs8 })
    const { material, publicKey } = await importMaterial(algorithm, "spki", spki)
    assert.equal(material, undefined)
    const half = openHandle({ keyId, version: 1, algorithm, material, publicKey })
    const mechanism = keyAlgorithm(algorithm).mechanisms[0] ?? "ED25519"
    const message = Uint8Array.of(1, 2, 3)
    const signature = await sign(permit("key.sign", whole, mechanism), whole, {
      mechanism,
      message,
    })
    const verifying = permit("key.verify", half, mechanism)
    assert.ok(verify(verifying, half, { mechanism, message, signature }))
    assert.ok(!verify(verifying, half, { mechanism, message: flip(message, 0), signature }))
    const forbidden = { code: "OPERATION_FORBIDDEN" }
    const forbiddenPermit = permit("key.sign", half, mechanism)
    await assert.rejects(
      async () => await sign(forbiddenPermit, half, { mechanism, message }),
      forbidden,
    )
    assert.throws(() => exportMaterial(permit("key.export-plain", half), half), forbidden)
  })

  test(`${algorithm}: no flipped bit of a private key gives another key silently`, async () => {
    const step = algorithm === "RSA_2048" ? 97 : 7
    for (let bit = 0; bit < pkcs8.length * 8; bit += step) {
      const damaged = flip(pkcs8, bit)
      const imported = await importMaterial(algorithm, "pkcs8", damaged).catch(() => undefined)
      // Some bits of the encoding carry nothing.
      if (imported === undefined || anyBytes.includes(algorithm)) continue
      assert.equal(imported.publicKey?.toHex(), spki.toHex(), `bit ${bit}`)
    }
  })
}

test("EC: a private value of zero, of the order or above is refused", async () => {
  const { pkcs8 } = sample.get("EC_P256") ?? { pkcs8: none }
  const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
  const values = ["00".repeat(32), order, "ff".repeat(32)]
  for (const value of values) {
    const forged = pkcs8.slice()
    forged.set(Uint8Array.fromHex(value), 36)
    await refused("EC_P256", "pkcs8", forged)
  }
})

test("EC: a private value beside another key's point is refused", async () => {
  const { pkcs8 } = sample.get("EC_P256") ?? { pkcs8: none }
  const forged = pkcs8.slice()
  forged.set(new Uint8Array(32).fill(0x11), 36)
  await refused("EC_P256", "pkcs8", forged)
})

test("EC: a key whose encoder left the point out is taken, in our own encoding", async () => {
  const { pkcs8, spki } = sample.get("EC_P256") ?? { pkcs8: none, spki: none }
  // SEQUENCE { 0, AlgorithmIdentifier, OCTET STRING { SEQUENCE { 1, OCTET STRING d } } }
  const short = Uint8Array.of(
    0x30,
    0x41,
    ...pkcs8.subarray(3, 27),
    0x04,
    0x27,
    0x30,
    0x25,
    ...pkcs8.subarray(31, 68),
  )
  const imported = await importMaterial("EC_P256", "pkcs8", short)
  assert.equal(
    imported.material?.lend((raw) => raw.toHex()),
    pkcs8.toHex(),
  )
  assert.equal(imported.publicKey?.toHex(), spki.toHex())
})

test("EC: points off the curve and compressed points are refused", async () => {
  const { spki } = sample.get("EC_P384") ?? { spki: none }
  await refused("EC_P384", "spki", flip(spki, (spki.length - 1) * 8))
  const compressed = Uint8Array.fromHex(
    "3039301306072a8648ce3d020106082a8648ce3d030107032200" +
      "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",
  )
  assert.equal(createPublicKey(spkiInput(compressed)).asymmetricKeyType, "ec")
  await refused("EC_P256", "spki", compressed)
})

test("EC: a curve of the same size is not the same curve", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" })
  await refused("EC_P256", "pkcs8", privateKey.export({ format: "der", type: "pkcs8" }))
  await refused("EC_P256", "spki", publicKey.export({ format: "der", type: "spki" }))
})

/** RFC 8032 section 5.1: y of the points of small order, and encodings that are not canonical. */
const unsoundPoints = {
  "the identity": "01".padEnd(64, "0"),
  "the point of order 2": "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "a point of order 4": "00".repeat(32),
  "a point of order 8": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "the other point of order 8": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "y above the field's prime": "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "a y without an x": "02".padEnd(64, "0"),
}
for (const [what, point] of Object.entries(unsoundPoints)) {
  test(`Ed25519: ${what} is refused as a public key`, async () => {
    await refused("ED25519", "spki", Uint8Array.fromHex(`302a300506032b6570032100${point}`))
  })
}

const unsoundPoints448 = {
  "the neutral element": "01".padEnd(114, "0"),
  "a point of order 2": `fe${"ff".repeat(27)}fe${"ff".repeat(27)}00`,
  "a point of order 4": "00".repeat(57),
  "y above the field's prime": `${"ff".repeat(56)}00`,
  "a bit beyond y": "07".padEnd(112, "0") + "01",
}
for (const [what, point] of Object.entries(unsoundPoints448)) {
  test(`Ed448: ${what} is refused as a public key`, async () => {
    await refused("ED448", "spki", Uint8Array.fromHex(`3043300506032b6571033a00${point}`))
  })
}

test("RSA: an exponent of 3, another size and RSASSA-PSS keys are refused", async () => {
  const der = { format: "der", type: "pkcs8" } as const
  const weak = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 })
  await refused("RSA_2048", "pkcs8", weak.privateKey.export(der))
  await refused("RSA_2048", "spki", weak.publicKey.export({ format: "der", type: "spki" }))
  const odd = generateKeyPairSync("rsa", { modulusLength: 2040 })
  await refused("RSA_2048", "pkcs8", odd.privateKey.export(der))
  const restricted = generateKeyPairSync("rsa-pss", { modulusLength: 2048 })
  await refused("RSA_2048", "pkcs8", restricted.privateKey.export(der))
})

test("RSA: numbers of two keys in one are refused", async () => {
  const { pkcs8 } = sample.get("RSA_2048") ?? { pkcs8: none }
  const other = await generateMaterial("RSA_2048")
  const jwk = createPrivateKey({ key: Buffer.from(pkcs8), format: "der", type: "pkcs8" }).export({
    format: "jwk",
  })
  const foreign = other.material.lend((raw) =>
    createPrivateKey({ key: Buffer.from(raw), format: "der", type: "pkcs8" }).export({
      format: "jwk",
    }),
  )
  let forged = 0
  for (const member of ["n", "d", "p", "q", "dp", "dq", "qi"] as const) {
    const mixed = { ...jwk, [member]: foreign[member] }
    let der: Uint8Array
    try {
      der = createPrivateKey({ key: mixed, format: "jwk" }).export({ format: "der", type: "pkcs8" })
    } catch {
      continue
    }
    forged++
    await refused("RSA_2048", "pkcs8", der)
  }
  assert.ok(forged >= 4, `only ${forged} got past OpenSSL`)
})

test("a handle shows nothing of its key", async () => {
  const handle: KeyHandle = await newHandle("AES_256")
  assert.deepEqual(Object.keys(handle), ["keyId", "version", "algorithm", "lane"])
  assert.deepEqual(Object.getOwnPropertySymbols(handle), [])
  assert.ok(Object.isFrozen(handle))
})

async function refused(
  algorithm: KeyAlgorithmId,
  format: ImportFormat,
  bytes: Uint8Array,
  field = "/material",
): Promise<void> {
  await assert.rejects(importMaterial(algorithm, format, bytes), {
    code: "MALFORMED_REQUEST",
    detail: { field },
  })
}

function spkiInput(bytes: Uint8Array): { key: Buffer; format: "der"; type: "spki" } {
  return { key: Buffer.from(bytes), format: "der", type: "spki" }
}
