/**
 * Two ways in which the same thing fails, or one that fails and one that is rejected in silence:
 * what an attacker could tell apart by time, if there were a difference.
 */

import assert from "node:assert/strict"
import { createHash, createPublicKey, publicEncrypt, constants } from "node:crypto"

import type { KeyAlgorithmId, MechanismId } from "../src/domain/algorithms.ts"
import type { OperationId } from "../src/domain/operation.ts"
import { decide, type Permit } from "../src/domain/policy.ts"
import { decrypt, encrypt } from "../src/engine/cipher.ts"
import { generateMaterial } from "../src/engine/generate.ts"
import { decapsulate, encapsulate } from "../src/engine/kem.ts"
import { openHandle, type KeyHandle } from "../src/engine/key-handle.ts"
import { mac, verifyMac } from "../src/engine/mac.ts"
import { openKey, provider } from "../src/engine/open-keys.ts"
import { benchKeyId, benchQuestion } from "./algorithm-question.ts"

/** One call; what it throws is caught where it is measured. */
export type Call = () => unknown

export interface TimingPair {
  readonly name: string
  readonly one: { readonly what: string; readonly call: Call }
  readonly other: { readonly what: string; readonly call: Call }
  /** It takes about so long: how often it is worth measuring. */
  readonly slow?: true
}

const none = new Uint8Array()
const plaintext = new Uint8Array(64).fill(7)

interface Opened {
  readonly handle: KeyHandle
  readonly publicKey: Uint8Array
  readonly leave: (operation: OperationId, mechanism: MechanismId) => Permit
}

async function open(algorithm: KeyAlgorithmId): Promise<Opened> {
  const { material, publicKey = none } = await generateMaterial(algorithm)
  const handle = openHandle({ keyId: benchKeyId, version: 1, algorithm, material, publicKey })
  const leave: Opened["leave"] = (operation, mechanism) => {
    const decision = decide(benchQuestion(operation, handle, { mechanism, path: undefined }))
    assert(decision.outcome === "allowed", JSON.stringify(decision))
    return decision.permit
  }
  return { handle, publicKey, leave }
}

/** The same bytes with one bit changed, counted from the end where `at` is below zero. */
function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  const index = at < 0 ? bytes.length + at : at
  copy[index] = (copy[index] ?? 0) ^ 1
  return copy
}

function opener({ handle, leave }: Opened, mechanism: MechanismId, iv: Uint8Array) {
  const permit = leave("key.decrypt", mechanism)
  return (ciphertext: Uint8Array): Call =>
    () =>
      decrypt(permit, handle, { mechanism, iv, aad: none, ciphertext })
}

/** Of every AEAD: where the tag is wrong, and whether it or the ciphertext is. */
async function tags(algorithm: KeyAlgorithmId, mechanism: MechanismId): Promise<TimingPair[]> {
  const opened = await open(algorithm)
  const permit = opened.leave("key.encrypt", mechanism)
  const sealed = encrypt(permit, opened.handle, { mechanism, plaintext, aad: none })
  const opening = opener(opened, mechanism, sealed.iv)
  const at = (what: string, byte: number) => ({
    what,
    call: opening(flipped(sealed.ciphertext, byte)),
  })
  const first = at("first byte of the tag", -16)
  return [
    { name: mechanism, one: first, other: at("last byte of the tag", -1) },
    { name: mechanism, one: first, other: at("first byte of the ciphertext", 0) },
  ]
}

async function cbcPadding(): Promise<TimingPair> {
  const mechanism = "AES_CBC_PAD"
  const opened = await open("AES_256")
  const permit = opened.leave("key.encrypt", mechanism)
  // A whole block of padding: the last block is sixteen times 16.
  const sealed = encrypt(permit, opened.handle, { mechanism, plaintext, aad: none })
  const opening = opener(opened, mechanism, sealed.iv)
  const { ciphertext } = sealed
  // What is changed in a block changes the same bit of the next one.
  const [lastCount, firstCount] = [ciphertext.length - 17, ciphertext.length - 32]
  return {
    name: mechanism,
    one: { what: "the padding's length is wrong", call: opening(flipped(ciphertext, lastCount)) },
    other: { what: "its first byte is wrong", call: opening(flipped(ciphertext, firstCount)) },
  }
}

/** RFC 8017 section 7.1.2, step 3g: what an attacker wants to tell apart. */
async function oaepFailures(): Promise<TimingPair[]> {
  const mechanism = "RSA_OAEP_SHA_256"
  const opened = await open("RSA_2048")
  const opening = opener(opened, mechanism, none)
  const encoded = (head: number, label: string, separator: number): Uint8Array => {
    const seed = createHash("sha256").update("seed").digest()
    const data = Buffer.alloc(256 - 33)
    createHash("sha256").update(label).digest().copy(data)
    data[255 - 33 - 32] = separator
    const masked = xor(data, mgf1(seed, data.length))
    const message = Buffer.concat([Uint8Array.of(head), xor(seed, mgf1(masked, 32)), masked])
    return encryptRaw(opened.publicKey, message)
  }
  const failure = (what: string, ciphertext: Uint8Array) => ({ what, call: opening(ciphertext) })
  const head = failure("the first byte is not zero", encoded(1, "", 1))
  return [
    {
      name: mechanism,
      one: head,
      other: failure("the label's hash is wrong", encoded(0, "other", 1)),
      slow: true,
    },
    {
      name: mechanism,
      one: head,
      other: failure("nothing separates the message", encoded(0, "", 0)),
      slow: true,
    },
  ]
}

function mgf1(seed: Uint8Array, bytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 32) }, (_, count) =>
    createHash("sha256")
      .update(seed)
      .update(Uint8Array.of(0, 0, 0, count))
      .digest(),
  )
  return Buffer.concat(blocks).subarray(0, bytes)
}

function xor(one: Uint8Array, other: Uint8Array): Buffer {
  return Buffer.from(one.map((byte, at) => byte ^ (other[at] ?? 0)))
}

function encryptRaw(spki: Uint8Array, message: Uint8Array): Uint8Array {
  const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" })
  return new Uint8Array(publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, message))
}

/** Bleichenbacher's question: is it well padded? It is answered with other bytes (OpenSSL 3.2). */
async function pkcs1Padding(): Promise<TimingPair[]> {
  const mechanism = "RSA_PKCS1_ENCRYPTION"
  const opened = await open("RSA_2048")
  const opening = opener(opened, mechanism, none)
  const encoded = (head: number, kind: number, zeroAt: number): Uint8Array => {
    const message = new Uint8Array(256).fill(0x55)
    message.set([head, kind])
    if (zeroAt > 0) message[zeroAt] = 0
    return encryptRaw(opened.publicKey, message)
  }
  const case_ = (what: string, ciphertext: Uint8Array) => ({ what, call: opening(ciphertext) })
  const good = case_("well padded, 32 bytes", encoded(0, 2, 223))
  return [
    {
      name: mechanism,
      one: good,
      other: case_("of the wrong kind", encoded(0, 1, 223)),
      slow: true,
    },
    {
      name: mechanism,
      one: good,
      other: case_("no end to the padding", encoded(0, 2, 0)),
      slow: true,
    },
  ]
}

async function keyWrap(mechanism: "AES_KW" | "AES_KWP"): Promise<TimingPair> {
  const { handle } = await open("AES_256")
  const key = openKey(handle)
  const row = provider.wrap[mechanism]
  const wrapped = await row.wrap(key, plaintext)
  const unwrapping =
    (bytes: Uint8Array): Call =>
    () =>
      row.unwrap(key, bytes)
  return {
    name: mechanism,
    one: { what: "first byte", call: unwrapping(flipped(wrapped, 0)) },
    other: { what: "last byte", call: unwrapping(flipped(wrapped, -1)) },
  }
}

async function kemRejection(): Promise<TimingPair> {
  const mechanism = "ML_KEM"
  const { handle, leave } = await open("ML_KEM_768")
  const permit = leave("key.decapsulate", mechanism)
  const { ciphertext } = encapsulate(leave("key.encapsulate", mechanism), handle, { mechanism })
  const opening =
    (bytes: Uint8Array): Call =>
    () =>
      decapsulate(permit, handle, { mechanism, ciphertext: bytes })
  return {
    name: "ML_KEM 768",
    one: { what: "a good ciphertext", call: opening(ciphertext) },
    other: { what: "implicitly rejected", call: opening(flipped(ciphertext, 100)) },
  }
}

async function macComparison(): Promise<TimingPair> {
  const mechanism = "HMAC_SHA_256"
  const { handle, leave } = await open(mechanism)
  const tag = mac(leave("key.mac", mechanism), handle, { mechanism, message: plaintext })
  const permit = leave("key.verify-mac", mechanism)
  const checking =
    (bytes: Uint8Array): Call =>
    () =>
      verifyMac(permit, handle, { mechanism, message: plaintext, mac: bytes })
  return {
    name: mechanism,
    one: { what: "first byte", call: checking(flipped(tag, 0)) },
    other: { what: "last byte", call: checking(flipped(tag, -1)) },
  }
}

/** In the order of the table. */
export async function timingPairs(): Promise<readonly TimingPair[]> {
  return [
    ...(await tags("AES_256", "AES_GCM")),
    ...(await tags("AES_256", "XAES_256_GCM")),
    ...(await tags("CHACHA20", "CHACHA20_POLY1305")),
    await cbcPadding(),
    await keyWrap("AES_KW"),
    await keyWrap("AES_KWP"),
    await macComparison(),
    await kemRejection(),
    ...(await oaepFailures()),
    ...(await pkcs1Padding()),
  ]
}
