/**
 * What a stamp is, and what approvers sign of a call that brings their approvals: the statement of
 * a request under a purpose of its own. docs/formats/request.md.
 *
 * A stamp is bound to the whole statement and to who asked for it, by a keyed hash that any node of
 * the cluster can make again. So an old stamp serves no other command: nobody can let a timelock
 * run first and choose the command afterwards.
 */

import { createHash, timingSafeEqual } from "node:crypto"

import { canonical } from "../codec/canonical.ts"
import { decodeId, encodeId } from "../codec/id-text.ts"
import { HsmError } from "../domain/errors.ts"
import type { Instant, RequestId, StampBlockId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import type { Question } from "../domain/policy.ts"
import type { RequestSubject } from "../domain/request.ts"
import type { Stamp, StampPlace } from "../domain/stamp.ts"
import type { Ports } from "./ports.ts"
import { requestKeyOf, ruleHashOf } from "./request-record.ts"
import { statementOf } from "./request-statement.ts"

const blockBytes = 16
const placeBytes = blockBytes + 2
const headBytes = placeBytes + 6 + 6
/** Block (16), serial (2), stamped at, expires at (6 each, ms since 1970), keyed hash (32). */
const stampBytes = headBytes + 32

/** A stamp as its bearer shows it; the hash is not checked yet. */
export interface ShownStamp extends Stamp {
  readonly hash: Uint8Array
}

/** What a stamp's hash is about: who asked, and the statement of his call. */
interface Stamped {
  readonly subject: string
  readonly question: Question
  /** From {@link callStatement}. */
  readonly statement: Uint8Array
}

/** @throws HsmError MALFORMED_REQUEST for what is no stamp. */
export function readStamp(bytes: Uint8Array): ShownStamp {
  const view = Buffer.from(bytes)
  const serial = bytes.length === stampBytes ? view.readUInt16BE(blockBytes) : Infinity
  if (serial >= limits.stampsPerBlock) throw noStamp()
  return {
    block: encodeId(view.subarray(0, blockBytes)) as StampBlockId,
    serial,
    stampedAt: view.readUIntBE(placeBytes, 6) as Instant,
    expiresAt: view.readUIntBE(placeBytes + 6, 6) as Instant,
    hash: view.subarray(headBytes),
  }
}

/** The stamp on a command that was just seen. */
export function writeStamp(ports: Ports, stamp: Stamp, about: Stamped): Uint8Array {
  const out = Buffer.alloc(stampBytes)
  out.set(placeOf(stamp))
  out.writeUIntBE(stamp.stampedAt, placeBytes, 6)
  out.writeUIntBE(stamp.expiresAt, placeBytes + 6, 6)
  out.set(hashOf(ports, about), headBytes)
  return out
}

/**
 * The bytes that approvers sign of a call.
 *
 * @param about - `parameters`: with keys by their ids.
 */
export function callStatement(
  { clusterId }: Pick<Ports, "clusterId">,
  stamp: Stamp,
  { question, parameters }: { readonly question: Question; readonly parameters: object },
): Uint8Array {
  const { key, mechanism, partition, operation } = question
  const subject: RequestSubject = {
    id: callIdOf(stamp),
    partition: partition.id,
    operation,
    ...(mechanism === undefined ? {} : { mechanism }),
    ...(key === undefined ? {} : { key: requestKeyOf(key) }),
    ruleHash: ruleHashOf(question),
    nonce: placeOf(stamp),
    stampedAt: stamp.stampedAt,
    expiresAt: stamp.expiresAt,
  }
  return statementOf("call", clusterId, subject, parameters)
}

/** True when the node has stamped this very statement for this very caller. */
export function isStamped(ports: Ports, { hash }: ShownStamp, about: Stamped): boolean {
  return timingSafeEqual(hash, hashOf(ports, about))
}

/** By what the log and approvers call it; follows from its place. */
export function callIdOf(stamp: StampPlace): RequestId {
  const hash = createHash("sha256").update(placeOf(stamp)).digest()
  return encodeId(hash.subarray(0, 16)) as RequestId
}

export function noStamp(): HsmError {
  const why = "is no stamp of this caller's on this: the command, the key or its rules are others"
  return new HsmError("MALFORMED_REQUEST", why, { field: "/stamp" })
}

function placeOf({ block, serial }: StampPlace): Uint8Array {
  const out = Buffer.alloc(placeBytes)
  out.set(decodeId(block, "/stamp"))
  out.writeUInt16BE(serial, blockBytes)
  return out
}

function hashOf(
  { records, clusterId }: Ports,
  { subject, question: { partition }, statement }: Stamped,
): Uint8Array {
  const stamped = createHash("sha256")
    .update(canonical("stamp", clusterId, subject, statement))
    .digest("hex")
  return records.keyholder.hashName(partition.id, "stamp", stamped)
}
