/** Bodies: what records say, as JSON text, packed for one seal per scope and commit. */

import { canonicalFieldHead } from "../codec/canonical.ts"
import type { AuditEvent } from "../domain/audit-event.ts"
import { saltBytes } from "./chain.ts"

/** What the log may say: nothing else of an event reaches a body, whatever object it came in. */
const fields = [
  "act",
  "partition",
  "outcome",
  "subject",
  "address",
  "requestId",
  "requestIds",
  "count",
  "keyId",
  "keyIds",
  "keyVersion",
  "mechanism",
  "path",
  "target",
  "approvedBy",
  "code",
  "rule",
  "onBehalf",
  "opId",
  "storeRev",
  "writes",
  "note",
] as const satisfies readonly (keyof AuditEvent)[]

type Missing = Exclude<keyof AuditEvent, (typeof fields)[number]>
/** Fails to compile when AuditEvent gains a field that is not listed. */
export const nothingMissing: [Missing] extends [never] ? true : Missing = true

/** The event's part of a body: one JSON object, one line. Runs for every request. */
export function formatEvent(event: AuditEvent): string {
  const { act, partition, outcome, subject } = event
  // Spelled out: a loop over the names costs more than all the rest of taking a record in.
  return (
    `{"act":"${act}","partition":"${partition}","outcome":"${outcome}",` +
    `"subject":${quoted(subject)}` +
    member("address", event.address) +
    member("requestId", event.requestId) +
    list("requestIds", event.requestIds) +
    member("count", event.count) +
    member("keyId", event.keyId) +
    member("keyVersion", event.keyVersion) +
    member("mechanism", event.mechanism) +
    member("path", event.path) +
    rare(event) +
    "}"
  )
}

/** What changes, refusals and a cloud's requests alone have. */
function rare(event: AuditEvent): string {
  const { writes, onBehalf } = event
  return (
    list("keyIds", event.keyIds) +
    member("target", event.target) +
    list("approvedBy", event.approvedBy) +
    member("code", event.code) +
    member("rule", event.rule) +
    (onBehalf === undefined ? "" : `,"onBehalf":${formatOnBehalf(onBehalf)}`) +
    member("opId", event.opId) +
    member("storeRev", event.storeRev) +
    (writes === undefined ? "" : `,"writes":${formatWrites(writes)}`) +
    member("note", event.note)
  )
}

function member(name: string, value: string | number | undefined): string {
  if (value === undefined) return ""
  return `,"${name}":${typeof value === "number" ? value : quoted(value)}`
}

function list(name: string, values: readonly string[] | undefined): string {
  return values === undefined ? "" : `,"${name}":[${values.map(quoted).join(",")}]`
}

/** Ids, codes and addresses have nothing to escape. */
const plain = /^[\w.:/-]*$/

function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}

function formatOnBehalf(said: NonNullable<AuditEvent["onBehalf"]>): string {
  const { requestId, operation, principal } = said
  return JSON.stringify({ requestId, operation, principal })
}

function formatWrites(writes: NonNullable<AuditEvent["writes"]>): string {
  return JSON.stringify(writes.map(({ path, hash }) => ({ path, hash })))
}

/** What {@link formatEvent} made, of an act that happened `count` times. */
export function withCount(text: string, count: number): string {
  return count === 1 ? text : `${text.slice(0, -1)},"count":${count}}`
}

/** True when two records would say the same, request included. */
export function isSameAct(one: AuditEvent, other: AuditEvent): boolean {
  // Most differ here already.
  if (one.requestId !== other.requestId) return false
  return fields.every((field) => one[field] === other[field])
}

/** Where and when a record was made. */
export interface RecordOrigin {
  readonly node: string
  readonly boot: string
  readonly worker: number
  readonly chain: string
}

/** A record as readers get it: its place, then the event. */
export interface AuditRecord extends RecordOrigin, AuditEvent {
  /** Place in the chain, from 0. */
  readonly index: number
  /** Place among its scope's records, from 1, without gaps. */
  readonly seq: number
  /** Milliseconds since 1970 at which its commit began. */
  readonly time: number
}

/** What all bodies of one boot share, between their place and their event. */
export function bodyPrefix(origin: RecordOrigin): string {
  const { node, boot, worker, chain } = origin
  return JSON.stringify({ node, boot, worker, chain }).slice(1, -1)
}

/** Joins place and event without parsing either again. */
export function formatBody(
  prefix: string,
  place: { index: number; seq: number; time: number },
  event: string,
): string {
  const { index, seq, time } = place
  return `{"index":${index},"seq":${seq},"time":${time},${prefix},${event.slice(1)}`
}

/** One record's salt and body as they lie in a scope's opened bodies. */
export interface SaltedBody {
  readonly salt: Uint8Array
  readonly body: string
}

/** Takes opened bodies apart: for each record a field with the salt, and one with the text. */
export function unpackBodies(opened: Uint8Array): SaltedBody[] {
  const bytes = Buffer.from(opened.buffer, opened.byteOffset, opened.length)
  const bodies: SaltedBody[] = []
  let at = 0
  while (at < bytes.length) {
    const salt = bytes.subarray(at + canonicalFieldHead, at + canonicalFieldHead + saltBytes)
    at += canonicalFieldHead + saltBytes
    const start = at + canonicalFieldHead
    at = start + bytes.readUInt32BE(at + 1)
    bodies.push({ salt, body: bytes.toString("utf8", start, at) })
  }
  return bodies
}

/** Parses a body whose leaf has been checked, so that it is what a writer made. */
export function parseBody(body: string): AuditRecord {
  // The leaf vouches for the text, and formatBody for its shape.
  return JSON.parse(body) as AuditRecord
}

/** Which records a reader wants; every condition that is present must hold. */
export interface RecordFilter {
  /** Milliseconds since 1970, both inclusive. */
  readonly from?: number
  readonly to?: number
  readonly act?: string
  readonly keyId?: string
  readonly subject?: string
}

export function isWanted(record: AuditRecord, filter: RecordFilter): boolean {
  if (filter.from !== undefined && record.time < filter.from) return false
  if (filter.to !== undefined && record.time > filter.to) return false
  if (filter.act !== undefined && record.act !== filter.act) return false
  const { keyId: key } = filter
  if (key !== undefined && record.keyId !== key && record.keyIds?.includes(key) !== true) {
    return false
  }
  return filter.subject === undefined || record.subject === filter.subject
}

/** Parses a body from outside; undefined unless it is an object with a place. */
export function tryParseBody(body: string): AuditRecord | undefined {
  try {
    const record = parseBody(body)
    const placed = Number.isSafeInteger(record.index) && Number.isSafeInteger(record.seq)
    return placed ? record : undefined
  } catch {
    // Not JSON.
    return undefined
  }
}
