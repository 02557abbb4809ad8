/** Shared secrets: both sides get the same one, and nothing that is no fair partner gets any. */
import assert from "node:assert/strict"
import { createPublicKey, getDiffieHellman } from "node:crypto"
import { test } from "node:test"
import { writeDer, writeDerUnsigned } from "../../src/codec/der.ts"
import {
  defaultMechanism,
  keyAlgorithms,
  type KeyAlgorithmId,
} from "../../src/domain/algorithms.ts"
import { agree } from "../../src/engine/agreement.ts"
import { generateMaterial, importMaterial } from "../../src/engine/generate.ts"
import { decapsulate, encapsulate } from "../../src/engine/kem.ts"
import { openHandle, type KeyHandle } from "../../src/engine/key-handle.ts"
import { ffdhePrime } from "../../src/engine/node/dh-group.ts"
import { flip, handleOf, keyId, none, otherKeyId, permit } from "./fixture.ts"
import { file, run, skip } from "./openssl.ts"

const kems = ["ML_KEM_512", "ML_KEM_768", "ML_KEM_1024"] as const
// The table's keys are the algorithms.
const agreeing = (Object.keys(keyAlgorithms) as KeyAlgorithmId[]).filter(
  (algorithm) => defaultMechanism(algorithm, "agreement") !== undefined,
)

interface Pair {
  readonly handle: KeyHandle
  readonly publicKey: Uint8Array
  readonly pkcs8: Uint8Array
}

async function pairOf(algorithm: KeyAlgorithmId, id = keyId): Promise<Pair> {
  const { material, publicKey = none } = await generateMaterial(algorithm)
  const handle = openHandle({ keyId: id, version: 1, algorithm, material, publicKey })
  return { handle, publicKey, pkcs8: material.lend((bytes) => bytes.slice()) }
}

function agreeWith(handle: KeyHandle, publicKey: Uint8Array): Promise<Uint8Array> {
  const mechanism = defaultMechanism(handle.algorithm, "agreement") ?? "ECDH"
  return agree(permit("key.agree", handle, mechanism), handle, { mechanism, publicKey })
}

const mechanism = "ML_KEM"
for (const algorithm of kems) {
  test(`${algorithm}: what is encapsulated comes out, and from no other ciphertext`, async () => {
    const { handle } = await pairOf(algorithm)
    const { ciphertext, sharedSecret } = encapsulate(
      permit("key.encapsulate", handle, mechanism),
      handle,
      { mechanism },
    )
    const open = async (one: Uint8Array): Promise<string> => {
      const opening = permit("key.decapsulate", handle, mechanism)
      return (await decapsulate(opening, handle, { mechanism, ciphertext: one })).toHex()
    }
    assert.equal(await open(ciphertext), sharedSecret.toHex())
    const rejected = await open(flip(ciphertext, 77))
    assert.notEqual(rejected, sharedSecret.toHex())
    assert.equal(await open(flip(ciphertext, 77)), rejected, "the same forgery, the same secret")
    assert.equal(rejected.length, 64)
    for (const length of [0, ciphertext.length - 1, ciphertext.length + 1]) {
      await assert.rejects(() => open(new Uint8Array(length)), { code: "DECRYPTION_FAILED" })
    }
  })

  test(`${algorithm}: a public half alone encapsulates, and does not decapsulate`, async () => {
    const { handle: whole, publicKey } = await pairOf(algorithm)
    const half = handleOf(algorithm, { publicKey })
    const { ciphertext, sharedSecret } = encapsulate(
      permit("key.encapsulate", half, mechanism),
      half,
      { mechanism },
    )
    const input = { mechanism, ciphertext } as const
    const opening = permit("key.decapsulate", whole, mechanism)
    assert.equal((await decapsulate(opening, whole, input)).toHex(), sharedSecret.toHex())
    assert.throws(() => decapsulate(opening, half, input), { code: "OPERATION_FORBIDDEN" })
  })

  test(`${algorithm}: a public key with a number above the modulus is refused`, async () => {
    const { publicKey } = await pairOf(algorithm)
    const bad = publicKey.slice()
    bad.fill(0xff, publicKey.length - 100, publicKey.length - 40)
    await assert.rejects(importMaterial(algorithm, "spki", bad), { code: "MALFORMED_REQUEST" })
  })
}

for (const algorithm of agreeing) {
  test(`${algorithm}: both sides agree on one secret, and OpenSSL with them`, async () => {
    const [one, other] = [await pairOf(algorithm), await pairOf(algorithm, otherKeyId)]
    const secret = await agreeWith(one.handle, other.publicKey)
    assert.equal((await agreeWith(other.handle, one.publicKey)).toHex(), secret.toHex())
    const third = await pairOf(algorithm)
    assert.notEqual((await agreeWith(one.handle, third.publicKey)).toHex(), secret.toHex())
    if (skip !== false) return
    const keys = ["-inkey", file("own", one.pkcs8), "-peerkey", file("peer", other.publicKey)]
    const forms = ["-keyform", "DER", "-peerform", "DER"]
    const pad = algorithm.startsWith("DH_") ? ["-pkeyopt", "dh_pad:1"] : []
    const theirs = run(["pkeyutl", "-derive", ...forms, ...keys, ...pad])
    assert.equal(theirs.stdout.toHex(), secret.toHex())
  })

  test(`${algorithm}: keys of other algorithms, damaged and absent ones are refused`, async () => {
    const { handle, publicKey, pkcs8 } = await pairOf(algorithm)
    const foreign = await pairOf(algorithm === "X25519" ? "X448" : "X25519")
    const bad = [
      none,
      pkcs8,
      foreign.publicKey,
      publicKey.subarray(1),
      Uint8Array.of(...publicKey, 0),
    ]
    for (const one of bad) await refused(handle, one)
  })
}

test("a public half alone agrees on nothing", async () => {
  const { publicKey } = await pairOf("X25519")
  const half = handleOf("X25519", { publicKey })
  await assert.rejects(agreeWith(half, publicKey), { code: "OPERATION_FORBIDDEN" })
})

test("X25519 and X448: points of low order are refused", async () => {
  // RFC 7748 section 5, and the points of order 1, 2, 4 and 8 on curve and twist.
  const low = {
    X25519: [
      "00".repeat(32),
      `01${"00".repeat(31)}`,
      "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
      "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
      `ec${"ff".repeat(30)}7f`,
      `ed${"ff".repeat(30)}7f`,
      `ee${"ff".repeat(30)}7f`,
    ],
    X448: ["00".repeat(56), `01${"00".repeat(55)}`, `fe${"ff".repeat(27)}fe${"ff".repeat(27)}`],
  } as const
  for (const algorithm of ["X25519", "X448"] as const) {
    const { handle } = await pairOf(algorithm)
    for (const point of low[algorithm]) {
      const key = Buffer.from(point, "hex")
      const asymmetricKeyType = algorithm === "X25519" ? "x25519" : "x448"
      const given = createPublicKey({ key, format: "raw-public", asymmetricKeyType })
      await refused(handle, given.export({ format: "der", type: "spki" }))
    }
  }
})

test("EC: the point at infinity and points off the curve are refused", async () => {
  const { handle, publicKey } = await pairOf("EC_P256")
  await refused(handle, flip(publicKey, (publicKey.length - 1) * 8))
  const head = [0x30, 0x19, ...publicKey.subarray(2, 23), 0x03, 0x02, 0x00, 0x00]
  await refused(handle, Uint8Array.from(head))
  assert.ok((await pairOf("X25519")).pkcs8.length > 0, "the next key is none the worse")
})

for (const algorithm of ["EC_P256", "EC_P384", "EC_BRAINPOOL_P320", "X25519"] as const) {
  test(`${algorithm}: a later peer is read as strictly as the first`, async () => {
    const { handle } = await pairOf(algorithm)
    const { publicKey } = await pairOf(algorithm)
    const good = await agreeWith(handle, publicKey)
    const framing = algorithm === "X25519" ? 12 : 23
    for (let bit = 0; bit < framing * 8; bit++) await refused(handle, flip(publicKey, bit))
    assert.equal((await agreeWith(handle, publicKey)).toHex(), good.toHex())
    if (algorithm === "X25519") return
    const numbers = publicKey.lastIndexOf(4, 30) + 1
    const bytes = (publicKey.length - numbers) / 2
    const [x, y] = [publicKey.subarray(numbers, -bytes), publicKey.subarray(-bytes)]
    const head = publicKey.subarray(0, numbers)
    await refused(handle, Uint8Array.of(...head, ...y, ...x))
    await refused(handle, Uint8Array.of(...head, ...x, ...flip(y, bytes * 8 - 1)))
    await refused(handle, Uint8Array.of(...head, ...new Uint8Array(bytes).fill(0xff), ...y))
    const hybrid = 6 + ((y.at(-1) ?? 0) & 1)
    await refused(handle, Uint8Array.of(...head.subarray(0, -1), hybrid, ...x, ...y))
    assert.equal((await agreeWith(handle, publicKey)).toHex(), good.toHex())
  })
}

const dhHead = Uint8Array.fromHex("06092a864886f70d010301")
/** SPKI of `value` in a group of any prime and generator. */
function dhPublicKey(value: bigint, prime: bigint, generator = 2n): Uint8Array {
  const group = writeDer(0x30, writeDerUnsigned(prime), writeDerUnsigned(generator))
  const bits = writeDer(3, Uint8Array.of(0), writeDerUnsigned(value))
  return writeDer(0x30, writeDer(0x30, dhHead, group), bits)
}

test("DH: values outside the group, and other groups, are refused", async () => {
  const { handle } = await pairOf("DH_FFDHE2048")
  const prime = ffdhePrime(2048)
  assert.equal((await agreeWith(handle, dhPublicKey(4n, prime))).length, 256)
  // 11 is no square modulo this prime: it generates twice the subgroup, and tells a bit of the key.
  for (const value of [0n, 1n, 11n, prime - 1n, prime, prime + 4n]) {
    await refused(handle, dhPublicKey(value, prime))
  }
  await refused(handle, dhPublicKey(4n, ffdhePrime(3072)))
  await refused(handle, dhPublicKey(4n, prime, 3n))
  await refused(handle, dhPublicKey(4n, (1n << 2048n) - 1942289n))
  const group14 = BigInt(`0x${getDiffieHellman("modp14").getPrime("hex")}`)
  await refused(handle, dhPublicKey(4n, group14))
})

test("DH: a private value of zero, or of the subgroup's order or above, is refused", async () => {
  const prime = ffdhePrime(2048)
  const group = writeDer(0x30, writeDerUnsigned(prime), writeDerUnsigned(2n))
  const key = (value: bigint): Uint8Array => {
    const octets = writeDer(4, writeDerUnsigned(value))
    return writeDer(0x30, writeDerUnsigned(0n), writeDer(0x30, dhHead, group), octets)
  }
  assert.ok((await importMaterial("DH_FFDHE2048", "pkcs8", key(prime / 2n - 1n))).material)
  for (const value of [0n, prime / 2n, prime - 1n]) {
    await assert.rejects(importMaterial("DH_FFDHE2048", "pkcs8", key(value)), {
      code: "MALFORMED_REQUEST",
    })
  }
})

test("DH: OpenSSL names each group as RFC 7919 does", { skip }, () => {
  for (const bits of [2048, 3072, 4096, 6144, 8192] as const) {
    const key = file("dh.pub", dhPublicKey(4n, ffdhePrime(bits)))
    const { stdout } = run(["pkey", "-pubin", "-inform", "DER", "-in", key, "-noout", "-text"])
    assert.match(Buffer.from(stdout).toString(), new RegExp(`GROUP: ffdhe${bits}\\b`))
  }
})

test("a permit for another key, operation or mechanism is a bug, not an answer", async () => {
  const { handle } = await pairOf("X25519")
  const { publicKey } = await pairOf("X25519", otherKeyId)
  const input = { mechanism: "X25519", publicKey } as const
  const foreign = permit("key.agree", { keyId: otherKeyId, algorithm: "X25519" }, "X25519")
  await assert.rejects(agree(foreign, handle, input), { name: "AssertionError" })
  const { handle: kem } = await pairOf("ML_KEM_512")
  const encapsulating = permit("key.encapsulate", kem, mechanism)
  assert.throws(
    () => decapsulate(encapsulating, kem, { mechanism, ciphertext: new Uint8Array(768) }),
    { name: "AssertionError" },
  )
})

async function refused(handle: KeyHandle, publicKey: Uint8Array): Promise<void> {
  await assert.rejects(agreeWith(handle, publicKey), (error: Error & { detail?: unknown }) => {
    assert.deepEqual(error.detail, { field: "/publicKey" })
    return "code" in error && error.code === "MALFORMED_REQUEST"
  })
}
