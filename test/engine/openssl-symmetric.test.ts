/** The OpenSSL command line of the system agrees on secret keys, both ways. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { KeyAlgorithmId, MechanismId } from "../../src/domain/algorithms.ts"
import { decrypt, encrypt } from "../../src/engine/cipher.ts"
import { wrapMaterial } from "../../src/engine/wrap.ts"
import { mac } from "../../src/engine/mac.ts"
import { openKey, provider } from "../../src/engine/open-keys.ts"
import { handleOf, none, otherKeyId, permit } from "./fixture.ts"
import { file, message, messageFile, run, skip } from "./openssl.ts"

interface Agreed {
  readonly mechanism: MechanismId
  readonly algorithm: KeyAlgorithmId
  readonly key: Uint8Array
  /** What OpenSSL calls it. */
  readonly name: string
}

/** A key of this length, no two bytes of it the same. */
function rising(bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, at) => 7 * at + 3)
}

const sizes = [128, 192, 256] as const
function sized(
  mechanism: MechanismId,
  family: "AES" | "CAMELLIA",
  name: (bits: number) => string,
): readonly Agreed[] {
  return sizes.map((bits) => {
    return { mechanism, algorithm: `${family}_${bits}`, key: rising(bits / 8), name: name(bits) }
  })
}

const ciphers: readonly Agreed[] = [
  ...sized("AES_CBC_PAD", "AES", (bits) => `aes-${bits}-cbc`),
  ...sized("AES_CBC", "AES", (bits) => `aes-${bits}-cbc`),
  ...sized("AES_CTR", "AES", (bits) => `aes-${bits}-ctr`),
  ...sized("AES_ECB", "AES", (bits) => `aes-${bits}-ecb`),
  ...sized("CAMELLIA_CBC_PAD", "CAMELLIA", (bits) => `camellia-${bits}-cbc`),
  ...sized("CAMELLIA_CBC", "CAMELLIA", (bits) => `camellia-${bits}-cbc`),
  ...sized("CAMELLIA_CTR", "CAMELLIA", (bits) => `camellia-${bits}-ctr`),
  ...sized("CAMELLIA_ECB", "CAMELLIA", (bits) => `camellia-${bits}-ecb`),
  { mechanism: "TDEA_CBC", algorithm: "TDEA", key: rising(24), name: "des-ede3-cbc" },
  { mechanism: "TDEA_ECB", algorithm: "TDEA", key: rising(24), name: "des-ede3" },
  { mechanism: "TDEA_CBC_PAD", algorithm: "TDEA", key: rising(24), name: "des-ede3-cbc" },
]
for (const { mechanism, algorithm, key, name } of ciphers) {
  test(`${mechanism} with ${algorithm}: each decrypts what the other encrypted`, { skip }, () => {
    const handle = handleOf(algorithm, { material: key })
    const encrypting = permit("key.encrypt", handle, mechanism)
    const ours = encrypt(encrypting, handle, { mechanism, plaintext: message, aad: none })
    const iv = ours.iv.length === 0 ? [] : ["-iv", ours.iv.toHex()]
    const pad = mechanism.endsWith("_PAD") ? [] : ["-nopad"]
    const common = ["enc", `-${name}`, "-K", key.toHex(), ...iv, ...pad, "-in"]
    const sealed = file("sealed", ours.ciphertext)
    assert.equal(run([...common, sealed, "-d"]).stdout.toHex(), message.toHex())
    const theirs = run([...common, messageFile]).stdout
    const input = { mechanism, aad: none, iv: ours.iv, ciphertext: theirs }
    const opened = decrypt(permit("key.decrypt", handle, mechanism), handle, input)
    assert.ok(opened instanceof Uint8Array)
    assert.equal(opened.toHex(), message.toHex())
  })
}

const wraps = [
  ...sized("AES_KWP", "AES", (bits) => `id-aes${bits}-wrap-pad`).map((row) => {
    return { ...row, iv: "a65959a6", length: 29 }
  }),
  ...sized("AES_KW", "AES", (bits) => `id-aes${bits}-wrap`).map((row) => {
    return { ...row, iv: "a6a6a6a6a6a6a6a6", length: 32 }
  }),
]
for (const { mechanism, algorithm, key, name, iv, length } of wraps) {
  test(
    `${mechanism} with ${algorithm}: each unwraps what the other wrapped`,
    { skip },
    async () => {
      assert.ok(mechanism === "AES_KW" || mechanism === "AES_KWP")
      const wrapping = handleOf(algorithm, { material: key })
      const secret = rising(length)
      const target = handleOf("HMAC_SHA_256", { material: secret }, otherKeyId)
      const permits = {
        wrap: permit("key.wrap", wrapping, mechanism),
        target: permit("key.export-wrapped", target),
      }
      const wrapped = await wrapMaterial(permits, { wrapping, target, mechanism })
      const common = ["enc", `-${name}`, "-K", key.toHex(), "-iv", iv, "-in"]
      const unwrapped = run([...common, file("wrapped", wrapped), "-d"]).stdout
      assert.equal(unwrapped.toHex(), secret.toHex())
      const theirs = run([...common, file("secret", secret)]).stdout
      const back = await provider.wrap[mechanism].unwrap(openKey(wrapping), theirs)
      assert.equal(
        back.lend((bytes) => bytes.toHex()),
        secret.toHex(),
      )
    },
  )
}

test("AES_KW refuses a secret that is not of whole semiblocks, AES_KWP takes it", async () => {
  const wrapping = handleOf("AES_256", { material: rising(32) })
  const target = handleOf("HMAC_SHA_256", { material: rising(33) }, otherKeyId)
  const wrapWith = (mechanism: "AES_KW" | "AES_KWP"): Promise<Uint8Array> =>
    wrapMaterial(
      {
        wrap: permit("key.wrap", wrapping, mechanism),
        target: permit("key.export-wrapped", target),
      },
      { wrapping, target, mechanism },
    )
  assert.equal((await wrapWith("AES_KWP")).length, 48)
  await assert.rejects(wrapWith("AES_KW"), {
    code: "MALFORMED_REQUEST",
    detail: { field: "/mechanism" },
  })
})

type Agreeing = Agreed & { readonly options: readonly string[] }
const hmacs = [
  ["HMAC_SHA_1", 20, "SHA1"],
  ["HMAC_SHA_224", 28, "SHA224"],
  ["HMAC_SHA_256", 32, "SHA256"],
  ["HMAC_SHA_384", 48, "SHA384"],
  ["HMAC_SHA_512", 64, "SHA512"],
  ["HMAC_SHA_512_224", 28, "SHA512-224"],
  ["HMAC_SHA_512_256", 32, "SHA512-256"],
  ["HMAC_SHA3_224", 28, "SHA3-224"],
  ["HMAC_SHA3_256", 32, "SHA3-256"],
  ["HMAC_SHA3_384", 48, "SHA3-384"],
  ["HMAC_SHA3_512", 64, "SHA3-512"],
] as const
const macs: readonly Agreeing[] = [
  ...hmacs.map(([id, bytes, digest]) => {
    const options = ["-macopt", `digest:${digest}`]
    return { mechanism: id, algorithm: id, key: rising(bytes), name: "HMAC", options }
  }),
  ...([128, 256] as const).map((bits) => {
    const options = ["-macopt", `size:${bits / 4}`]
    const id = `KMAC_${bits}` as const
    return { mechanism: id, algorithm: id, key: rising(32), name: `KMAC-${bits}`, options }
  }),
  { mechanism: "POLY1305", algorithm: "POLY1305", key: rising(32), name: "POLY1305", options: [] },
  ...sized("AES_CMAC", "AES", (bits) => `AES-${bits}-CBC`).map(asCmac),
  ...sized("CAMELLIA_CMAC", "CAMELLIA", (bits) => `CAMELLIA-${bits}-CBC`).map(asCmac),
  ...sized("AES_GMAC", "AES", (bits) => `AES-${bits}-GCM`).map((row) => {
    return { ...row, name: "GMAC", options: ["-macopt", `cipher:${row.name}`] }
  }),
]
function asCmac(row: Agreed): Agreeing {
  return { ...row, name: "CMAC", options: ["-macopt", `cipher:${row.name}`] }
}
for (const { mechanism, algorithm, key, name, options } of macs) {
  test(`${mechanism} with ${algorithm}: both give the same tag`, { skip }, () => {
    const handle = handleOf(algorithm, { material: key })
    const ours = mac(permit("key.mac", handle, mechanism), handle, { mechanism, message })
    const iv = mechanism === "AES_GMAC" ? ["-macopt", `hexiv:${ours.subarray(0, 12).toHex()}`] : []
    const keyed = ["-macopt", `hexkey:${key.toHex()}`]
    const theirs = run(["mac", ...options, ...keyed, ...iv, "-binary", "-in", messageFile, name])
    assert.ok(theirs.ok)
    assert.equal(theirs.stdout.toHex(), ours.subarray(ours.length - theirs.stdout.length).toHex())
    assert.ok(theirs.stdout.length >= 16)
  })
}
