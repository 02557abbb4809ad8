import assert from "node:assert/strict"
import { generateKeyPairSync } from "node:crypto"
import { test } from "node:test"

import { flipBit } from "../support/flip-bit.ts"
import { isId } from "../../src/domain/ids.ts"
import {
  createNodeIdentity,
  isSignedByNode,
  nodeIdOf,
  readNodeIdentity,
} from "../../src/sealing/node-identity.ts"

const { identity, file } = createNodeIdentity()
const message = new TextEncoder().encode("naming")

test("a node's identity survives its file", () => {
  const again = readNodeIdentity(file)
  assert.equal(again.nodeId, identity.nodeId)
  assert.deepEqual(again.publicKey, identity.publicKey)
  assert(isSignedByNode(identity.publicKey, message, again.sign(message)))
})

test("a node's id derives from its public key", () => {
  assert(isId(identity.nodeId))
  assert.equal(nodeIdOf(identity.publicKey), identity.nodeId)
  assert.notEqual(nodeIdOf(flipBit(identity.publicKey, 31)), identity.nodeId)
})

test("a signature with one bit of message, signature or key changed is not the node's", () => {
  const signature = identity.sign(message)
  const { publicKey } = identity
  assert(isSignedByNode(publicKey, message, signature))
  assert(!isSignedByNode(publicKey, flipBit(message, 0), signature))
  assert(!isSignedByNode(publicKey, message, flipBit(signature, 0)))
  assert(!isSignedByNode(flipBit(publicKey, 0), message, signature))
  assert(!isSignedByNode(publicKey.subarray(1), message, signature))
  assert(!isSignedByNode(publicKey, message, signature.subarray(1)))
})

test("a key file of another kind is refused, and its content not repeated", () => {
  const { privateKey } = generateKeyPairSync("x25519")
  const other = privateKey.export({ type: "pkcs8", format: "pem" })
  for (const text of ["", "secret", file.slice(0, 60), other]) {
    assert.throws(() => readNodeIdentity(text), {
      code: "MALFORMED_REQUEST",
      message: "the node's key file holds no Ed25519 private key",
    })
  }
})
