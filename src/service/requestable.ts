/**
 * What can wait for approvals: the operations that a rule can be about, each with the service that
 * does it. Administration by quorum adds rows here, and a rule in `domain/operation.ts`.
 */

import type { KeyRecord } from "../domain/key.ts"
import type { OperationId } from "../domain/operation.ts"
import type { PartitionRecord } from "../domain/partition.ts"
import type { Context } from "./commands.ts"
import { issueCertificate, requestCertificate, selfSign } from "./issue-certificate.ts"
import { generateDataKey } from "./data-key.ts"
import { deriveKey } from "./derive-key.ts"
import { deriveChild } from "./derived.ts"
import { decrypt, encrypt } from "./encrypt.ts"
import { exportKey } from "./export-key.ts"
import { setPartitionRules } from "./partition.ts"
import type { Ports } from "./ports.ts"
import { rotateKey } from "./rotate-key.ts"
import { agree, decapsulate } from "./share-secret.ts"
import { mac, sign, verifyMac } from "./sign.ts"
import { blockKey, protectKey, setKeyRules, unblockKey } from "./smart-key.ts"
import { unwrapKey } from "./unwrap-key.ts"
import { trustKey, updateKey } from "./update-key.ts"

/** Does it, and answers with what a request keeps as its result. */
export type Runner<Command> = (ports: Ports, context: Context, command: Command) => Promise<object>

/** What a request keeps of a changed key; whoever wants more reads the key. */
async function ofKey(changed: Promise<KeyRecord>): Promise<object> {
  const { id, revision } = await changed
  return { keyId: id, revision }
}

async function ofPartition(changed: Promise<PartitionRecord>): Promise<object> {
  const { id, revision } = await changed
  return { partition: id, revision }
}

export const requestable = {
  "key.encrypt": encrypt,
  "key.decrypt": decrypt,
  "key.sign": sign,
  "key.mac": mac,
  "key.verify-mac": verifyMac,
  "key.data-key": generateDataKey,
  "key.wrap": exportKey,
  "key.unwrap": (...asked: Parameters<typeof unwrapKey>) => ofKey(unwrapKey(...asked)),
  "key.derive": (...asked: Parameters<typeof deriveKey>) => ofKey(deriveKey(...asked)),
  "key.derive-child": (...asked: Parameters<typeof deriveChild>) => ofKey(deriveChild(...asked)),
  "key.decapsulate": decapsulate,
  "key.agree": agree,
  "key.update": (...asked: Parameters<typeof updateKey>) => ofKey(updateKey(...asked)),
  "key.rotate": (...asked: Parameters<typeof rotateKey>) => ofKey(rotateKey(...asked)),
  "key.trust": (...asked: Parameters<typeof trustKey>) => ofKey(trustKey(...asked)),
  "key.block": (...asked: Parameters<typeof blockKey>) => ofKey(blockKey(...asked)),
  "key.unblock": (...asked: Parameters<typeof unblockKey>) => ofKey(unblockKey(...asked)),
  "key.set-rules": (...asked: Parameters<typeof setKeyRules>) => ofKey(setKeyRules(...asked)),
  "key.protect": (...asked: Parameters<typeof protectKey>) => ofKey(protectKey(...asked)),
  "certificate.request": requestCertificate,
  "certificate.self-sign": selfSign,
  "certificate.issue": issueCertificate,
  "partition.set-rules": (...asked: Parameters<typeof setPartitionRules>) =>
    ofPartition(setPartitionRules(...asked)),
} as const satisfies Partial<Record<OperationId, Runner<never>>>
export type RequestableId = keyof typeof requestable

/** The command of an operation that can wait, by its name. */
export type RequestedCommand<Id extends RequestableId = RequestableId> = {
  readonly [One in Id]: {
    readonly operation: One
    readonly parameters: Parameters<(typeof requestable)[One]>[2]
  }
}[Id]

/** Narrows an operation to those that can wait. */
export function isRequestable(id: OperationId): id is RequestableId {
  return Object.hasOwn(requestable, id)
}

/** Runs a stored command; its form was checked when the request was made. */
export function runnerOf(id: RequestableId): Runner<object> {
  return requestable[id] as Runner<object>
}
