/** Files: what is written is what the format says, by node:crypto's own pieces. */

import assert from "node:assert/strict"
import {
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
} from "node:crypto"
import { test } from "node:test"

import { decodeFile } from "../../src/codec/file-ciphertext.ts"
import { openFile, sealFile } from "../../src/engine/file-cipher.ts"

const clusterId = "01k2v7x9q4m8w3r5t6y1z0c1st"
const keyId = "01k2v7x9q4m8w3r5t6y1z0key0"
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" })
const spki = publicKey.export({ format: "der", type: "spki" })
const recipient = { clusterId, keyId, version: 1, publicKey: spki }

function agreed(file: Uint8Array): Buffer {
  const { peer } = decodeFile(file)
  const half = createPublicKey({ key: Buffer.from(peer), format: "der", type: "spki" })
  return diffieHellman({ privateKey, publicKey: half })
}

function field(tag: string, bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.write(tag, "latin1")
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}

/** docs/formats/file.md, written again. */
function openByTheBook(file: Uint8Array): Buffer {
  const { header, body } = decodeFile(file)
  const info = Buffer.concat([
    Buffer.from("keyhold/file-ciphertext/v1\0"),
    field("s", Buffer.from(clusterId)),
    field("b", header),
  ])
  const made = Buffer.from(hkdfSync("sha384", agreed(file), Buffer.alloc(0), info, 44))
  const opening = createDecipheriv("aes-256-gcm", made.subarray(0, 32), made.subarray(32))
  opening.setAAD(header).setAuthTag(body.subarray(-16))
  return Buffer.concat([opening.update(body.subarray(0, -16)), opening.final()])
}

test("another implementation of the format opens what was sealed", () => {
  const text = Buffer.from("a file")
  const file = sealFile(recipient, text)
  assert.deepEqual(openByTheBook(file), text)
  const parts = decodeFile(file)
  assert.deepEqual(Buffer.from(openFile({ clusterId }, parts, agreed(file))), text)
})

test("a file of another cluster, or with another secret, does not open", () => {
  const file = sealFile(recipient, Buffer.from("a file"))
  const parts = decodeFile(file)
  const failed = { code: "DECRYPTION_FAILED" }
  assert.throws(() => openFile({ clusterId: keyId }, parts, agreed(file)), failed)
  const other = agreed(file)
  other[0] = (other[0] ?? 0) ^ 1
  assert.throws(() => openFile({ clusterId }, parts, other), failed)
})

test("no file is encrypted to what is no key on an elliptic curve", () => {
  for (const pair of [generateKeyPairSync("ed25519"), generateKeyPairSync("x25519")]) {
    const half = pair.publicKey.export({ format: "der", type: "spki" })
    assert.throws(() => sealFile({ ...recipient, publicKey: half }, Buffer.from("x")), {
      code: "MALFORMED_REQUEST",
    })
  }
})
