/**
 * Approvals in the TSB dialect. Its token names operation, label and payload alone. So the node
 * adds its timestamp to every one, and the name that the timestamp gives to its key carries the
 * hash of the request's own statement: cluster, partition, key and its public half, operation,
 * mechanism, every parameter, rule, nonce and times. Who signs the token signs that one stored
 * command.
 *
 * Nothing of the token is stored but the node's signature: it is made again from the command each
 * time, beside the key too.
 */

import assert from "node:assert/strict"
import { createHash } from "node:crypto"

import {
  writeSignature,
  writeTimestamp,
  writeToken,
  type SkaOperation,
  type SkaPayload,
} from "../codec/ska-token.ts"
import { HsmError } from "../domain/errors.ts"
import type { OperationId } from "../domain/operation.ts"
import type { RequestRecord, RequestSubject } from "../domain/request.ts"
import type { PinnedCertificate } from "./certificate-commands.ts"
import type { SignCommand } from "./commands.ts"
import type { Ports } from "./ports.ts"
import type { SetKeyRulesCommand, SpeakCommand } from "./quorum-commands.ts"
import { statementOf } from "./request-statement.ts"
import { rulesPayload } from "./ska-rules.ts"

/** What a token says of an operation. */
interface TokenRow {
  readonly operation: SkaOperation
  /** Of the command as the operation's own service takes it. */
  readonly payload?: (parameters: never) => SkaPayload
}

const rows: { readonly [Id in OperationId]?: TokenRow } = {
  "key.sign": { operation: "use", payload: ({ message }: { message: Uint8Array }) => message },
  "key.mac": { operation: "use", payload: ({ message }: { message: Uint8Array }) => message },
  "key.decrypt": {
    operation: "use",
    payload: ({ ciphertext }: { ciphertext: Uint8Array }) => ciphertext,
  },
  "certificate.request": { operation: "use", payload: pinnedInfo },
  "certificate.self-sign": { operation: "use", payload: pinnedInfo },
  "certificate.issue": { operation: "use", payload: pinnedInfo },
  "key.unwrap": { operation: "use", payload: ({ wrapped }: { wrapped: Uint8Array }) => wrapped },
  "key.block": { operation: "block" },
  "key.unblock": { operation: "unblock" },
  "key.set-rules": {
    operation: "modify",
    payload: ({ rules }: SetKeyRulesCommand) => rulesPayload(rules),
  },
}

/** The certificate, or the request for one, as it will be signed. */
function pinnedInfo({ pinned }: { readonly pinned?: PinnedCertificate }): Uint8Array {
  assert(pinned !== undefined) // Whoever asks in this dialect has it made first.
  return pinned.info
}

type Asked = RequestSubject & Pick<RequestRecord, "timestampSignature">

/**
 * Signs the timestamp of a request that is being made.
 *
 * @throws HsmError MALFORMED_REQUEST for an operation, or rules, that the token cannot tell.
 * @throws CodecError for a payload that is too long for it.
 */
export function signTimestamp(ports: Ports, asked: Asked, parameters: object): Uint8Array {
  const timestamp = timestampOf(ports, asked, parameters)
  if (timestamp === undefined) {
    throw new HsmError("MALFORMED_REQUEST", `the token of this dialect knows no ${asked.operation}`)
  }
  const signature = ports.records.keyholder.signTimestamp(asked.partition, timestamp)
  tokenOf(ports, { ...asked, timestampSignature: signature }, parameters)
  return signature
}

/** The token that approvers of a request may sign; undefined where it was not asked for so. */
export function tokenOf(ports: Ports, asked: Asked, parameters: object): Uint8Array | undefined {
  const { timestampSignature, operation: id } = asked
  const row = rows[id]
  if (timestampSignature === undefined || row === undefined) return undefined
  const timestamp = timestampOf(ports, asked, parameters)
  if (timestamp === undefined) return undefined
  return writeToken({
    operation: row.operation,
    label: labelOf(asked, parameters),
    stamp: { timestamp, signature: writeSignature(timestampSignature) },
    payload: payloadOf(row, parameters),
  })
}

/** What the node's timestamp of a request says. */
export function timestampOf(
  { clusterId }: Pick<Ports, "clusterId">,
  asked: RequestSubject,
  parameters: object,
): Uint8Array | undefined {
  const row = rows[asked.operation]
  if (row === undefined) return undefined
  const statement = statementOf("approval", clusterId, asked, parameters)
  const hash = createHash("sha256").update(statement).digest("hex")
  return writeTimestamp({
    payload: payloadOf(row, parameters),
    seconds: asked.stampedAt / 1_000,
    keyName: `integrity-${asked.id}-${hash}`,
  })
}

/**
 * The bytes that a word of an approver has to be a signature over; undefined when there are none:
 * a token where the request has none, or under a timestamp that is not this partition's.
 */
export function bytesOfWord(
  ports: Ports,
  request: RequestRecord,
  parameters: object,
  { word, over }: Pick<SpeakCommand, "word" | "over">,
): Uint8Array | undefined {
  if (over === undefined) return statementOf(word, ports.clusterId, request, parameters)
  // Its text is bound to nothing. To reject needs no more: it lets nothing happen.
  if (over !== "token") return word === "rejection" ? Buffer.from(over.timestamp) : undefined
  const { timestampSignature: signature, partition } = request
  if (word !== "approval" || signature === undefined) return undefined
  const timestamp = timestampOf(ports, request, parameters)
  if (timestamp === undefined) return undefined
  if (!ports.records.keyholder.isTimestamp(partition, timestamp, signature)) return undefined
  return tokenOf(ports, request, parameters)
}

/** A key's name, and the path from a seed: `name/44'/0'`. */
function labelOf({ key }: RequestSubject, parameters: object): string {
  const { path } = parameters as Pick<SignCommand, "path"> // Of those commands that have one.
  return `${key?.name ?? ""}${path?.replace(/^m/, "") ?? ""}`
}

function payloadOf({ payload }: TokenRow, parameters: object): SkaPayload | undefined {
  // Stored commands are those of their operation: the table names what it takes from each.
  return (payload as ((parameters: object) => SkaPayload) | undefined)?.(parameters)
}
