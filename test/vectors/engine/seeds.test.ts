/** Seeds through the engine, as SLIP-10, BIP 32, BIP 39 and CIP-3 publish them. */
import assert from "node:assert/strict"
import { createPublicKey } from "node:crypto"
import { test } from "node:test"
import type { KeyAlgorithmId } from "../../../src/domain/algorithms.ts"
import { parsePath } from "../../../src/domain/derivation.ts"
import { deriveExtendedPublic, derivePublic } from "../../../src/engine/derived.ts"
import { importMaterial } from "../../../src/engine/generate.ts"
import { openHandle, type KeyHandle } from "../../../src/engine/key-handle.ts"
import { flip, keyId, none, permit } from "../../engine/fixture.ts"
import { bip32, icarus, icarusWords, slip10 } from "../seeds.ts"

async function open(algorithm: KeyAlgorithmId, raw: Uint8Array): Promise<KeyHandle> {
  const { material } = await importMaterial(algorithm, "raw", raw)
  return openHandle({ keyId, version: 1, algorithm, material })
}

function pathOf(text: string) {
  const path = parsePath(text)
  assert.ok(path !== undefined, text)
  return path
}

function publicAt(handle: KeyHandle, text: string): string {
  const path = pathOf(text)
  const leave = permit("key.derive-public", handle, undefined, path)
  const key = Buffer.from(derivePublic(leave, handle, path))
  const raw = createPublicKey({ key, format: "der", type: "spki" }).export({ format: "raw-public" })
  if (raw.length === 32) return raw.toString("hex")
  return `${((raw.at(-1) ?? 0) & 1) === 0 ? "02" : "03"}${raw.subarray(1, 33).toString("hex")}`
}

for (const { title, algorithm, seed, keys } of slip10) {
  test(`the engine derives what ${title} says`, async () => {
    const handle = await open(algorithm, Uint8Array.fromHex(seed))
    const other = await open(algorithm, flip(Uint8Array.fromHex(seed), 5))
    for (const [path, key] of Object.entries(keys)) {
      assert.equal(publicAt(handle, path), key, path)
      assert.notEqual(publicAt(other, path), key)
    }
  })
}

test("the engine writes extended public keys as BIP 32 does", async () => {
  for (const { seed, keys } of bip32) {
    const handle = await open("BIP32_SECP256K1", Uint8Array.fromHex(seed))
    for (const [text, [head, tail]] of Object.entries(keys)) {
      const path = pathOf(text)
      const leave = permit("key.extended-public", handle, undefined, path)
      assert.equal(deriveExtendedPublic(leave, handle, { path }), head + tail, text)
    }
  }
})

const words =
  "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"

async function imported(
  algorithm: KeyAlgorithmId,
  text: string,
  passphrase?: string,
): Promise<string> {
  const bytes = new TextEncoder().encode(text)
  const { material } = await importMaterial(algorithm, "mnemonic", bytes, passphrase)
  return material?.lend((raw) => raw.toHex()) ?? ""
}

test("a mnemonic becomes the seed of BIP 39, with its passphrase or without", async () => {
  assert.match(await imported("BIP32_SECP256K1", words), /^5eb00bbddcf069084889a8ab91555681/)
  const trezor = await imported("SLIP10_P256", words, "TREZOR")
  assert.match(trezor, /^c55257c360c07c72029aebc1b53c05ed.*698e7463b04$/)
  const spaced = ` ${words.replaceAll(" ", "  ")}\n`
  assert.equal(await imported("SLIP10_P256", spaced, "TREZOR"), trezor)
  const art = `${Array(23).fill("abandon").join(" ")} art`
  assert.equal((await imported("SLIP10_ED25519", art)).length, 128)
})

test("a mnemonic of other words, another number or another checksum is refused", async () => {
  const wrong = [
    words.replace("about", "abandon"),
    words.replace("about", "abuot"),
    words.replace("abandon ", ""),
    `${words} about`,
    words.toUpperCase(),
    "",
    "a".repeat(1000),
  ]
  for (const text of wrong) {
    await assert.rejects(imported("BIP32_SECP256K1", text), {
      code: "MALFORMED_REQUEST",
      detail: { field: "/material" },
    })
  }
  await assert.rejects(imported("EC_P256", words), { detail: { field: "/format" } })
  await assert.rejects(importMaterial("SLIP10_P256", "raw", new Uint8Array(32).fill(1), "x"), {
    detail: { field: "/passphrase" },
  })
})

test("Cardano's root is that of CIP-3, and only such a root is taken in", async () => {
  for (const { passphrase, root } of icarus) {
    assert.equal(await imported("BIP32_ED25519_CARDANO", icarusWords, passphrase), root.join(""))
    const raw = Uint8Array.fromHex(root.join(""))
    assert.ok((await importMaterial("BIP32_ED25519_CARDANO", "raw", raw)).material)
    for (const bad of [raw.subarray(1), flip(raw, 0), flip(raw, 31 * 8 + 7), none]) {
      await assert.rejects(importMaterial("BIP32_ED25519_CARDANO", "raw", bad), {
        detail: { field: "/material" },
      })
    }
  }
})

test("a seed is 16 to 64 bytes, and not of zeros", async () => {
  for (const bad of [15, 65, 0].map((length) => new Uint8Array(length).fill(1))) {
    await assert.rejects(importMaterial("BIP32_SECP256K1", "raw", bad), {
      detail: { field: "/material" },
    })
  }
  await assert.rejects(importMaterial("BIP32_SECP256K1", "raw", new Uint8Array(32)), {
    detail: { field: "/material" },
  })
  assert.ok((await importMaterial("BIP32_SECP256K1", "raw", new Uint8Array(16).fill(1))).material)
})
