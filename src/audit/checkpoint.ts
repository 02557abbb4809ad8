/** Checkpoints: the signed head of a chain. Pure, and verifiable with public keys alone. */

import { createPublicKey, verify } from "node:crypto"
import { decodeBase64 } from "../codec/base64.ts"
import { canonical } from "../codec/canonical.ts"
import { sha256 } from "./chain.ts"
import type { CheckpointSigner } from "./crypto.ts"

export const checkpointReasons = ["interval", "segment", "request", "archive", "close"] as const
export type CheckpointReason = (typeof checkpointReasons)[number]

/** The head of another worker's chain, as this worker knows it. */
export interface PeerHead {
  readonly chain: string
  readonly records: number
  /** 64 hexadecimal digits. */
  readonly link: string
}

/** What a checkpoint says; hashes as 64 lower-case hexadecimal digits. */
export interface CheckpointBody {
  readonly cluster: string
  readonly chain: string
  readonly node: string
  readonly worker: number
  readonly boot: string
  /** 1 for the first of a chain, without gaps. */
  readonly number: number
  readonly reason: CheckpointReason
  /** The chain is complete up to here: records so far, and the link after the last. */
  readonly records: number
  readonly link: string
  /** Milliseconds since 1970; no later record is older. */
  readonly time: number
  readonly storeRev: number
  /** How many scopes have a commitment, and the hash of all commitments. */
  readonly scopes: number
  readonly commitments: string
  readonly peers: readonly PeerHead[]
  /** Segments up to this number were archived and acknowledged; 0: none. */
  readonly archived: number
  /** Hash of the checkpoint before; 64 zeros for the first. */
  readonly previous: string
}

export interface Checkpoint extends CheckpointBody {
  readonly format: "keyhold/audit-checkpoint/v1"
  /** SubjectPublicKeyInfo, base64. */
  readonly publicKey: string
  /** Ed25519 over {@link checkpointBytes}, base64. */
  readonly signature: string
}

export const noCheckpointHash = "0".repeat(64)

/** What the signature covers. */
export function checkpointBytes(body: CheckpointBody): Uint8Array {
  const peers = body.peers.flatMap((peer) => [peer.chain, peer.records, peer.link])
  return canonical(
    "audit-checkpoint",
    body.cluster,
    body.chain,
    body.node,
    body.worker,
    body.boot,
    body.number,
    body.reason,
    body.records,
    body.link,
    body.time,
    body.storeRev,
    body.scopes,
    body.commitments,
    body.archived,
    body.previous,
    body.peers.length,
    ...peers,
  )
}

/** Names a checkpoint in the next one; the signature is left out, since it adds no content. */
export function checkpointHash(body: CheckpointBody): string {
  return sha256(checkpointBytes(body)).toHex()
}

export function signCheckpoint(signer: CheckpointSigner, body: CheckpointBody): Checkpoint {
  return orderFields({
    ...body,
    publicKey: signer.publicKey.toBase64(),
    signature: signer.sign(checkpointBytes(body)).toBase64(),
  })
}

/** True when the signature holds under the key that the checkpoint names. */
export function isCheckpointSigned(checkpoint: Checkpoint): boolean {
  return isSignedBy(checkpoint.publicKey, checkpointBytes(checkpoint), checkpoint.signature)
}

/** Ed25519 verification; false for a key or signature that does not even parse. */
export function isSignedBy(publicKey: string, bytes: Uint8Array, signature: string): boolean {
  try {
    const der = Buffer.from(decodeBase64(publicKey, "publicKey"))
    const key = createPublicKey({ key: der, format: "der", type: "spki" })
    if (key.asymmetricKeyType !== "ed25519") return false
    return verify(null, bytes, key, decodeBase64(signature, "signature"))
  } catch {
    // Malformed key or signature: not signed.
    return false
  }
}

/** SHA-256 of a key's SubjectPublicKeyInfo, for people to compare. */
export function keyFingerprint(publicKey: string): string {
  return sha256(decodeBase64(publicKey, "publicKey")).toHex()
}

/**
 * Reads a checkpoint from its JSON text.
 *
 * @returns undefined unless the text is exactly what {@link formatCheckpoint} writes.
 */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  try {
    // Typed by what follows: the same text from the known fields, each of its type.
    const checkpoint = orderFields(JSON.parse(text) as Checkpoint)
    const known = JSON.stringify(checkpoint) === text && areTypesRight(checkpoint)
    return known ? checkpoint : undefined
  } catch {
    // Not JSON, or not an object.
    return undefined
  }
}

/** One line of JSON with the fields in their fixed order. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  return JSON.stringify(orderFields(checkpoint))
}

/** Copies exactly the known fields, in the order of the format. */
function orderFields(from: Omit<Checkpoint, "format">): Checkpoint {
  return {
    format: "keyhold/audit-checkpoint/v1",
    cluster: from.cluster,
    chain: from.chain,
    node: from.node,
    worker: from.worker,
    boot: from.boot,
    number: from.number,
    reason: from.reason,
    records: from.records,
    link: from.link,
    time: from.time,
    storeRev: from.storeRev,
    scopes: from.scopes,
    commitments: from.commitments,
    archived: from.archived,
    previous: from.previous,
    peers: from.peers.map(({ chain, records, link }) => ({ chain, records, link })),
    publicKey: from.publicKey,
    signature: from.signature,
  }
}

const texts = [
  "cluster",
  "chain",
  "node",
  "boot",
  "link",
  "commitments",
  "previous",
  "publicKey",
  "signature",
] as const
const counts = ["worker", "number", "records", "time", "storeRev", "scopes", "archived"] as const
const hashPattern = /^[0-9a-f]{64}$/

function areTypesRight(checkpoint: Checkpoint): boolean {
  const { peers } = checkpoint
  return (
    texts.every((name) => typeof checkpoint[name] === "string") &&
    counts.every((name) => isCount(checkpoint[name])) &&
    checkpointReasons.includes(checkpoint.reason) &&
    [checkpoint.link, checkpoint.commitments, checkpoint.previous].every(isHash) &&
    peers.every((peer) => typeof peer.chain === "string" && isCount(peer.records)) &&
    peers.every((peer) => isHash(peer.link))
  )
}

function isHash(text: string): boolean {
  return hashPattern.test(text)
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
