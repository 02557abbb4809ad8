/** Another implementation agrees, both ways: the OpenSSL command line of the system. */
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import type { KeyAlgorithmId, MechanismId } from "../../src/domain/algorithms.ts"
import { decrypt, encrypt } from "../../src/engine/cipher.ts"
import { wrapMaterial } from "../../src/engine/export.ts"
import { generateMaterial } from "../../src/engine/generate.ts"
import { openHandle, type KeyHandle } from "../../src/engine/key-handle.ts"
import { mac } from "../../src/engine/mac.ts"
import { openKey, provider } from "../../src/engine/open-keys.ts"
import { sign, verify } from "../../src/engine/signature.ts"
import { flip, handleOf, keyId, newHandle, none, otherKeyId, permit } from "./fixture.ts"

const folder = mkdtempSync(join(tmpdir(), "keyhold-openssl-"))
after(() => rmSync(folder, { recursive: true }))
const message = new TextEncoder().encode("another implementation agrees\n")
const messageFile = file("message", message)
const found = spawnSync("openssl", ["version"]).status === 0
if (!found && process.env["CI"] !== undefined) throw new Error("install openssl")
const skip = found ? false : "the Debian package openssl is missing"

const signing: readonly [MechanismId, KeyAlgorithmId, string, string[]][] = [
  ["ECDSA_SHA_256", "EC_P256", "sha256", []],
  ["ECDSA_SHA_384", "EC_P384", "sha384", []],
  ["ECDSA_SHA_512", "EC_P521", "sha512", []],
  ["RSA_PKCS1_SHA_256", "RSA_2048", "sha256", []],
  ["RSA_PKCS1_SHA_384", "RSA_2048", "sha384", []],
  ["RSA_PKCS1_SHA_512", "RSA_2048", "sha512", []],
  ["RSA_PSS_SHA_256", "RSA_2048", "sha256", pssOptions(32)],
  ["RSA_PSS_SHA_384", "RSA_2048", "sha384", pssOptions(48)],
  ["RSA_PSS_SHA_512", "RSA_2048", "sha512", pssOptions(64)],
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

test("ED25519: each verifies the other's signature", { skip }, async () => {
  const { handle, privateFile, publicFile } = await pairOf("ED25519")
  const mechanism = "ED25519"
  const ours = await sign(permit("key.sign", handle, mechanism), handle, { mechanism, message })
  const common = ["pkeyutl", "-rawin", "-in", messageFile, "-keyform", "DER"]
  const theirs = run([...common, "-sign", "-inkey", privateFile]).stdout
  assert.equal(theirs.toHex(), ours.toHex())
  const checking = [...common, "-verify", "-pubin", "-inkey", publicFile, "-sigfile"]
  assert.ok(run([...checking, file("signature", ours)]).ok)
  assert.ok(!run([...checking, file("signature", flip(ours, 100))]).ok)
})

for (const hash of [256, 384, 512] as const) {
  const mechanism = `RSA_OAEP_SHA_${hash}` as const
  test(`${mechanism}: each decrypts what the other encrypted`, { skip }, async () => {
    const { handle, privateFile, publicFile } = await pairOf("RSA_2048")
    const options = ["rsa_padding_mode:oaep", `rsa_oaep_md:sha${hash}`, `rsa_mgf1_md:sha${hash}`]
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

for (const bits of [128, 192, 256] as const) {
  const algorithm = `AES_${bits}` as const
  const raw = new Uint8Array(bits / 8).fill(bits)
  for (const [mechanism, mode] of [
    ["AES_CBC_PAD", "cbc"],
    ["AES_CTR", "ctr"],
  ] as const) {
    test(`${mechanism} with ${algorithm}: each decrypts what the other encrypted`, { skip }, () => {
      const handle = handleOf(algorithm, { material: raw })
      const encrypting = permit("key.encrypt", handle, mechanism)
      const ours = encrypt(encrypting, handle, { mechanism, plaintext: message, aad: none })
      const common = [
        "enc",
        `-aes-${bits}-${mode}`,
        "-K",
        raw.toHex(),
        "-iv",
        ours.iv.toHex(),
        "-in",
      ]
      const sealed = file("sealed", ours.ciphertext)
      assert.equal(run([...common, sealed, "-d"]).stdout.toHex(), message.toHex())
      const theirs = run([...common, messageFile]).stdout
      const input = { mechanism, aad: none, iv: ours.iv, ciphertext: theirs }
      const opened = decrypt(permit("key.decrypt", handle, mechanism), handle, input)
      assert.ok(opened instanceof Uint8Array)
      assert.equal(opened.toHex(), message.toHex())
    })
  }

  test(`AES_KWP with ${algorithm}: each unwraps what the other wrapped`, { skip }, async () => {
    const wrapping = handleOf(algorithm, { material: raw })
    const target = await newHandle("EC_P256", otherKeyId)
    const permits = {
      wrap: permit("key.wrap", wrapping, "AES_KWP"),
      target: permit("key.export-wrapped", target),
    }
    const wrapped = wrapMaterial(permits, { wrapping, target, mechanism: "AES_KWP" })
    const common = ["enc", `-id-aes${bits}-wrap-pad`, "-K", raw.toHex(), "-iv", "a65959a6", "-in"]
    const unwrapped = run([...common, file("wrapped", wrapped), "-d"]).stdout
    const key = file("unwrapped", unwrapped)
    assert.ok(run(["pkey", "-inform", "DER", "-in", key, "-noout", "-check"]).ok)
    const theirs = run([...common, messageFile]).stdout
    const back = provider.wrap.AES_KWP.unwrap(openKey(wrapping), theirs)
    assert.equal(
      back.lend((bytes) => bytes.toHex()),
      message.toHex(),
    )
  })
}

for (const bits of [256, 384, 512] as const) {
  const mechanism = `HMAC_SHA_${bits}` as const
  test(`${mechanism}: both give the same tag`, { skip }, () => {
    const raw = new Uint8Array(bits / 8).fill(bits)
    const handle = handleOf(mechanism, { material: raw })
    const ours = mac(permit("key.mac", handle, mechanism), handle, { mechanism, message })
    const theirs = run([
      "dgst",
      `-sha${bits}`,
      "-mac",
      "HMAC",
      "-macopt",
      `hexkey:${raw.toHex()}`,
      "-binary",
      messageFile,
    ])
    assert.equal(theirs.stdout.toHex(), ours.toHex())
  })
}

for (const algorithm of ["RSA_2048", "EC_P256", "EC_P384", "EC_P521", "ED25519"] as const) {
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

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, bytes, { mode: 0o600 })
  return path
}

function run(args: readonly string[]): { readonly ok: boolean; readonly stdout: Uint8Array } {
  const { status, stdout } = spawnSync("openssl", args)
  return { ok: status === 0, stdout: Uint8Array.from(stdout) }
}
