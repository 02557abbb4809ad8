/**
 * The approval token of the TSB dialect: the very bytes that an approver signs there. It names an
 * operation, a key's label and a payload, and the node's signed timestamp over that payload.
 * docs/formats/ska-token.md; known from a recorded conversation, which it fits bit for bit.
 */

import { derContent, derElements, derTags, readDer, writeDer } from "./der.ts"
import { CodecError } from "./error.ts"
import { TlvReader, tlvText, tlvUint32, tlvUint64, writeFrame } from "./tlv.ts"
import type { TlvItem } from "./tlv.ts"

const types = {
  keyCount: 0x0003,
  operation: 0x003b,
  ruleTokens: 0x0059,
  minutes: 0x0055,
  ruleGroups: 0x005a,
  quorum: 0x005b,
  seconds: 0x0107,
  text: 0x1002,
  ruleUse: 0x104e,
  ruleBlock: 0x104f,
  ruleUnblock: 0x1050,
  ruleModify: 0x1051,
  publicKey: 0x1052,
  timestamp: 0x1054,
  signature: 0x1056,
  usePayload: 0x1057,
  modifyPayload: 0x1058,
} as const

/** `use` stands for every use of the key: to sign, to decrypt, to unwrap. */
export const skaOperations = { use: 1, block: 2, unblock: 3, modify: 4 } as const
export type SkaOperation = keyof typeof skaOperations

export interface SkaKey {
  readonly name: string
  /** SPKI DER. */
  readonly publicKey: Uint8Array
}
export interface SkaGroup {
  readonly name: string
  readonly quorum: number
  readonly keys: readonly SkaKey[]
}
export interface SkaRuleToken {
  readonly name: string
  readonly timelockMinutes: number
  readonly timeoutMinutes: number
  readonly groups: readonly SkaGroup[]
}
/** One list of tokens per rule; an empty one never allows anything. */
export interface SkaRules {
  readonly use: readonly SkaRuleToken[]
  readonly block: readonly SkaRuleToken[]
  readonly unblock: readonly SkaRuleToken[]
  readonly modify: readonly SkaRuleToken[]
}

/** What is signed or decrypted, or the rules that a key shall get. */
export type SkaPayload = Uint8Array | SkaRules

/** What the node's integrity key signs. */
export interface SkaTimestamp {
  readonly payload?: SkaPayload | undefined
  /** Since 1970. */
  readonly seconds: number
  /** Of the integrity key. */
  readonly keyName: string
}

export interface SkaToken {
  readonly operation: SkaOperation
  readonly label: string
  /** The encoded timestamp, and its signature with algorithm: `writeSignature`. */
  readonly stamp?: { readonly timestamp: Uint8Array; readonly signature: Uint8Array } | undefined
  readonly payload?: SkaPayload | undefined
}

/** @throws {@link CodecError} when the payload is too long for the format. */
export function writeToken({ operation, label, stamp, payload }: SkaToken): Uint8Array {
  const stamped =
    stamp === undefined
      ? []
      : [
          { type: types.timestamp, value: stamp.timestamp },
          { type: types.signature, value: stamp.signature },
        ]
  const items = [
    tlvUint32(types.operation, skaOperations[operation]),
    tlvText(types.text, label),
    ...stamped,
    ...payloadItems(payload),
  ]
  return writeFrame(items, "/payload")
}

/** @throws {@link CodecError} for anything that `writeToken` does not write. */
export function readToken(bytes: Uint8Array, field: string): SkaToken {
  const reader = new TlvReader(bytes, field)
  const operation = operationOf(reader.uint32(types.operation), field)
  const label = reader.text(types.text)
  const stamp =
    reader.next === types.timestamp
      ? { timestamp: reader.bytes(types.timestamp), signature: reader.bytes(types.signature) }
      : undefined
  const payload = readPayload(reader, field)
  reader.end()
  return { operation, label, stamp, payload }
}

/** @throws {@link CodecError} when the payload is too long for the format. */
export function writeTimestamp({ payload, seconds, keyName }: SkaTimestamp): Uint8Array {
  const time = [tlvUint64(types.seconds, seconds), tlvText(types.text, keyName)]
  return writeFrame([...payloadItems(payload), ...time], "/payload")
}

/** @throws {@link CodecError} for anything that `writeTimestamp` does not write. */
export function readTimestamp(bytes: Uint8Array, field: string): SkaTimestamp {
  const reader = new TlvReader(bytes, field)
  const payload = readPayload(reader, field)
  const seconds = reader.uint64(types.seconds)
  const keyName = reader.text(types.text)
  reader.end()
  return { payload, seconds, keyName }
}

/** 1.2.840.10045.4.3.2, ecdsa-with-SHA256, with the parameters that the original writes. */
const ecdsaWithSha256 = Uint8Array.fromHex("300c06082a8648ce3d0403020500")

/** An ECDSA signature with SHA-256, in DER, with its algorithm: as `timestampSignatureWith…`. */
export function writeSignature(signature: Uint8Array): Uint8Array {
  const bits = writeDer(derTags.bitString, Uint8Array.of(0), signature)
  return writeDer(derTags.sequence, ecdsaWithSha256, bits)
}

/** An algorithm's object identifier, as its DER has it, and a signature. */
export interface SignatureWithAlgorithm {
  readonly oid: Uint8Array
  readonly signature: Uint8Array
}

/** @throws {@link CodecError} when it is no algorithm and signature. */
export function readSignature(bytes: Uint8Array, field: string): SignatureWithAlgorithm {
  const [outer] = readDer(bytes, field)
  const [algorithm, bits] = derElements(outer, field)
  const [oid] = derElements(algorithm, field)
  const content = derContent(bits, derTags.bitString, field)
  if (content[0] !== 0) throw new CodecError(field, "is no string of whole bytes")
  return { oid: derContent(oid, derTags.objectId, field), signature: content.subarray(1) }
}

function payloadItems(payload: SkaPayload | undefined): TlvItem[] {
  if (payload === undefined) return []
  return payload instanceof Uint8Array
    ? [{ type: types.usePayload, value: payload }]
    : [{ type: types.modifyPayload, value: writeRules(payload) }]
}

function readPayload(reader: TlvReader, field: string): SkaPayload | undefined {
  if (reader.next === types.usePayload) return reader.bytes(types.usePayload)
  if (reader.next === types.modifyPayload) {
    return readRules(reader.bytes(types.modifyPayload), field)
  }
  return undefined
}

/** The four rules, as a payload for changing them. @throws {@link CodecError} when too long. */
export function writeRules(rules: SkaRules): Uint8Array {
  const items = [
    ruleItem(types.ruleUse, rules.use),
    ruleItem(types.ruleBlock, rules.block),
    ruleItem(types.ruleUnblock, rules.unblock),
    ruleItem(types.ruleModify, rules.modify),
  ]
  return writeFrame(items, "/policy")
}

function ruleItem(type: number, tokens: readonly SkaRuleToken[]): TlvItem {
  return { type, value: writeFrame(ruleItems(tokens), "/policy") }
}

function ruleItems(tokens: readonly SkaRuleToken[]): TlvItem[] {
  return [
    tlvUint32(types.ruleTokens, tokens.length),
    ...tokens.flatMap(({ name, timelockMinutes, timeoutMinutes, groups }) => [
      tlvText(types.text, name),
      tlvUint32(types.minutes, timelockMinutes),
      tlvUint32(types.minutes, timeoutMinutes),
      tlvUint32(types.ruleGroups, groups.length),
      ...groups.flatMap(groupItems),
    ]),
  ]
}

function groupItems({ name, quorum, keys }: SkaGroup): TlvItem[] {
  return [
    tlvText(types.text, name),
    tlvUint32(types.quorum, quorum),
    tlvUint32(types.keyCount, keys.length),
    ...keys.flatMap((key) => [
      tlvText(types.text, key.name),
      { type: types.publicKey, value: key.publicKey },
    ]),
  ]
}

function readRules(bytes: Uint8Array, field: string): SkaRules {
  const reader = new TlvReader(bytes, field)
  const rule = (type: number): readonly SkaRuleToken[] => readRule(reader.bytes(type), field)
  const rules = {
    use: rule(types.ruleUse),
    block: rule(types.ruleBlock),
    unblock: rule(types.ruleUnblock),
    modify: rule(types.ruleModify),
  }
  reader.end()
  return rules
}

function readRule(bytes: Uint8Array, field: string): readonly SkaRuleToken[] {
  const reader = new TlvReader(bytes, field)
  const tokens = listOf(reader, types.ruleTokens, () => ({
    name: reader.text(types.text),
    timelockMinutes: reader.uint32(types.minutes),
    timeoutMinutes: reader.uint32(types.minutes),
    groups: listOf(reader, types.ruleGroups, () => ({
      name: reader.text(types.text),
      quorum: reader.uint32(types.quorum),
      keys: listOf(reader, types.keyCount, () => ({
        name: reader.text(types.text),
        publicKey: reader.bytes(types.publicKey),
      })),
    })),
  }))
  reader.end()
  return tokens
}

/** As many as the count says; a count beyond what follows ends at the first that is missing. */
function listOf<T>(reader: TlvReader, type: number, one: () => T): T[] {
  const count = reader.uint32(type)
  const list: T[] = []
  while (list.length < count) list.push(one())
  return list
}

function operationOf(value: number, field: string): SkaOperation {
  const found = Object.entries(skaOperations).find(([, known]) => known === value)
  if (found === undefined) throw new CodecError(field, "names no operation")
  return found[0] as SkaOperation // A name of the table.
}
