/** The recorded conversation of a real TSB: its tokens, timestamps and signatures. */
import assert from "node:assert/strict"
import { createHash, createPublicKey, verify } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { recover } from "tiny-secp256k1"
import { flipBit } from "../support/flip-bit.ts"
import { ecdsaToRaw } from "../../src/codec/ecdsa-signature.ts"
import {
  readSignature,
  readTimestamp,
  readToken,
  writeRules,
  writeSignature,
  writeTimestamp,
  writeToken,
  type SkaRules,
} from "../../src/codec/ska-token.ts"
import type { Instant } from "../../src/domain/ids.ts"
import { isSignedBy, readApprover } from "../../src/identity/approver.ts"
import { folder, vectorsMissing } from "./wycheproof.ts"

const skip = vectorsMissing()
const published = "717511643faad6c7de9356754c3d74806fa2064d2cc433c82118c8ed43377cbe"

interface Proof {
  readonly paging: null
  readonly timestamp: string
  readonly timestampSignature: string
  readonly approverPublicKey: string
}
interface Task {
  readonly id: string
  readonly approvalToBeSigned: string
  readonly approverPublicKey: string
  readonly payload: string
  readonly timestamp: string
  readonly timestampSignature: string
}
interface Approval {
  readonly id: string
  readonly approvalToBeSigned: string
  readonly signature: string
  readonly approverPublicKey: string
}

const text = skip === false ? readFileSync(join(folder, "ska/approvals.json"), "utf8") : "{}"
// Published: its hash vouches for its shape.
const { messages = [] } = JSON.parse(text) as {
  messages?: readonly (Proof | Approval | { readonly tasks: readonly Task[] })[]
}
const proofs = messages.filter((one) => "paging" in one)
const approvals = messages.filter((one) => "signature" in one)
const tasks = messages.flatMap((one) => ("tasks" in one ? one.tasks : []))

const bytes = (base64: string) => Uint8Array.fromBase64(base64)

test("the recorded conversation is the published one", { skip }, () => {
  assert.equal(createHash("sha256").update(text).digest("hex"), published)
  assert.deepEqual([proofs.length, tasks.length, approvals.length], [2, 2, 2])
})

test("recorded tokens and timestamps are read and written again bit for bit", { skip }, () => {
  for (const { approvalToBeSigned, timestamp, timestampSignature, payload } of tasks) {
    const token = readToken(bytes(approvalToBeSigned), "/token")
    assert.equal(writeToken(token).toBase64(), approvalToBeSigned)
    assert.equal(token.stamp?.timestamp.toBase64(), timestamp)
    const stamp = readTimestamp(bytes(timestamp), "/timestamp")
    assert.equal(writeTimestamp(stamp).toBase64(), timestamp)
    assert.deepEqual(stamp.payload, token.payload, "what is stamped is what is asked for")
    const signed = writeSignature(bytes(timestampSignature))
    assert.deepEqual(signed, new Uint8Array(token.stamp.signature))
    const { signature } = readSignature(token.stamp.signature, "/signature")
    assert.equal(signature.toBase64(), timestampSignature)
    const content = token.payload instanceof Uint8Array ? token.payload : rulesOf(token.payload)
    assert.equal(content.toBase64(), payload)
  }
})

function rulesOf(rules: SkaRules | undefined): Uint8Array {
  assert.ok(rules !== undefined)
  return writeRules(rules)
}

test("recorded tokens say what the approvers were shown", { skip }, () => {
  const [modify, sign] = tasks.map(({ approvalToBeSigned }) =>
    readToken(bytes(approvalToBeSigned), "/token"),
  )
  assert.equal(modify?.operation, "modify")
  assert.ok(modify.payload !== undefined && !(modify.payload instanceof Uint8Array))
  const [token] = modify.payload.use
  assert.deepEqual([token?.timelockMinutes, token?.timeoutMinutes], [0, 10])
  assert.deepEqual(modify.payload.modify[0]?.groups[0]?.quorum, 1)
  assert.equal(sign?.operation, "use")
  assert.equal(sign.label, `${modify.label}/44'/0'/0'/0'`)
  assert.ok(sign.payload instanceof Uint8Array)
  assert.equal(Buffer.from(sign.payload).toString(), "Halloasd")
  assert.ok(sign.stamp !== undefined)
  const { seconds, keyName } = readTimestamp(sign.stamp.timestamp, "/timestamp")
  assert.equal(new Date(seconds * 1_000).toISOString(), "2024-08-14T18:03:02.000Z")
  assert.equal(keyName, "test-timestamp-key")
})

const now = Date.UTC(2026, 0) as Instant

async function isSigned(spki: string, statement: Uint8Array, signature: string): Promise<boolean> {
  const template = { kind: "public-key", name: "a", publicKey: bytes(spki) } as const
  const approver = await readApprover(template, now, "")
  const mechanism = "ECDSA_SHA_256" as const
  const signed = isSignedBy(approver, { mechanism, statement, signature: bytes(signature) }, now)
  const key = createPublicKey({ key: Buffer.from(spki, "base64"), format: "der", type: "spki" })
  assert.equal(signed, verify("sha256", statement, key, bytes(signature)), "OpenSSL says the same")
  return signed
}

test("recorded proofs of possession are signatures over the time as text", { skip }, async () => {
  for (const { timestamp, timestampSignature, approverPublicKey } of proofs) {
    const statement = Buffer.from(timestamp)
    assert.ok(await isSigned(approverPublicKey, statement, timestampSignature))
    const later = Buffer.from(timestamp.replace(":0", ":1"))
    assert.equal(await isSigned(approverPublicKey, later, timestampSignature), false)
  }
})

test("recorded approvals are signatures over the token's bytes", { skip }, async () => {
  for (const { id, approvalToBeSigned, signature, approverPublicKey } of approvals) {
    const task = tasks.find((one) => one.id === id)
    assert.equal(task?.approvalToBeSigned, approvalToBeSigned)
    assert.equal(task.approverPublicKey, approverPublicKey)
    const token = bytes(approvalToBeSigned)
    assert.ok(await isSigned(approverPublicKey, token, signature))
    assert.equal(await isSigned(approverPublicKey, flipBit(token, 20), signature), false)
  }
})

/** Keys under which a signature is one over the message: recovered, as none was recorded. */
function keysBehind(message: Uint8Array, signature: string): Set<string> {
  const digest = createHash("sha256").update(message).digest()
  const raw = ecdsaToRaw(bytes(signature), 32)
  const keys = ([0, 1] as const).map((id) => recover(digest, raw, id)?.toHex() ?? "")
  return new Set(keys)
}

test("one key has signed both recorded timestamps, length and all", { skip }, () => {
  const [one, other] = tasks
  assert.ok(one !== undefined && other !== undefined)
  const first = keysBehind(bytes(one.timestamp), one.timestampSignature)
  const common = first.intersection(keysBehind(bytes(other.timestamp), other.timestampSignature))
  assert.equal(common.size, 1)
  const altered = keysBehind(flipBit(bytes(other.timestamp), 20), other.timestampSignature)
  assert.equal(first.intersection(altered).size, 0)
})
