/** The approver's side: what waits for his key, and what he says about it. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { parseJson, type JsonObject } from "../../../codec/json.ts"
import { readToken, writeRules, writeSignature } from "../../../codec/ska-token.ts"
import { HsmError } from "../../../domain/errors.ts"
import { parseId, type RequestId } from "../../../domain/ids.ts"
import { limits } from "../../../domain/limits.ts"
import type { OperationId } from "../../../domain/operation.ts"
import { fingerprintOf } from "../../../identity/approver.ts"
import { callerByKey, flawOfPossession } from "../../../identity/possession.ts"
import { listTasks, type ApproverTask } from "../../../service/approver-tasks.ts"
import type { Context } from "../../../service/commands.ts"
import type { SpeakCommand } from "../../../service/quorum-commands.ts"
import { speakOnRequest } from "../../../service/speak-request.ts"
import { viewRequest } from "../../../service/view-request.ts"
import { renderKey } from "../attributes.ts"
import { Fault } from "../fault.ts"
import { operation, type Call, type Operation, type Output } from "../operation.ts"
import { approverKeyOf, mechanismOf } from "../request-signature.ts"
import { bytes, choice, count, need, object, text, type Input, type Members } from "../../shapes.ts"
import { renderStatus } from "./requests.ts"

/** He has the key, now: `timestampSignature` is one over the text of `timestamp`. */
const possession = {
  timestamp: need(text),
  timestampSignature: need(bytes),
  approverPublicKey: bytes,
  approverCertificate: bytes,
  timestampSigningCertificate: bytes,
  timestampDigestAlgorithm: text,
} as const

const levels = ["level1", "level2", "level3", "level4", "level5", "level6"] as const
const orders = [
  "CREATION_DATE_ASC",
  "CREATION_DATE_DESC",
  "LAST_FETCHED_DATE_ASC",
  "LAST_FETCHED_DATE_DESC",
] as const

const filter = {
  ...possession,
  id: text,
  requestId: text,
  detailLevel: choice(levels),
  paging: object({ pageNumber: count, pageSize: count, sortOrder: choice(orders) }),
} as const

/** Which operations each list is about; undefined: all. */
const filters = {
  Sign: [
    "key.sign",
    "key.mac",
    "certificate.request",
    "certificate.self-sign",
    "certificate.issue",
  ],
  Decrypt: ["key.decrypt"],
  UnwrapKey: ["key.unwrap"],
  BlockKey: ["key.block"],
  UnblockKey: ["key.unblock"],
  ModifyKey: ["key.set-rules"],
  All: undefined,
} as const satisfies Record<string, readonly OperationId[] | undefined>

export const approvalRoutes = {
  "POST /filteredSignApprovalTask": listing("Sign"),
  "POST /filteredDecryptApprovalTask": listing("Decrypt"),
  "POST /filteredUnwrapKeyApprovalTask": listing("UnwrapKey"),
  "POST /filteredBlockKeyApprovalTask": listing("BlockKey"),
  "POST /filteredUnblockKeyApprovalTask": listing("UnblockKey"),
  "POST /filteredModifyKeyApprovalTask": listing("ModifyKey"),
  "POST /filteredAllApprovalTask": listing("All"),
  "POST /approval": byKey(
    {
      id: need(text),
      approvalToBeSigned: need(bytes),
      signature: need(bytes),
      approvalDigestAlgorithm: text,
      approverPublicKey: bytes,
      approverCertificate: bytes,
    },
    async (call, input) => {
      const publicKey = approverKeyOf(input)
      const mechanism = mechanismOf(publicKey, input.approvalDigestAlgorithm)
      readToken(input.approvalToBeSigned, "/approvalToBeSigned")
      const task = await taskOf(call, input.id, publicKey)
      if (encodeBase64(task.token) !== encodeBase64(input.approvalToBeSigned)) {
        throw new Fault("invalid.signature", "approvalToBeSigned is not that of the task")
      }
      const { signature } = input
      const said = { word: "approval", publicKey, mechanism, signature, over: "token" } as const
      await speak(call, { request: task.request.id, ...said })
      return undefined
    },
  ),
  "PATCH /task": byKey({ ...possession, id: need(text) }, async (call, input) => {
    const { publicKey, mechanism } = prove(call, input)
    const { request } = await taskOf(call, input.id, publicKey)
    await speak(call, {
      request: request.id,
      word: "rejection",
      publicKey,
      mechanism,
      signature: input.timestampSignature,
      over: { timestamp: input.timestamp },
    })
    return undefined
  }),
} as const satisfies Record<string, Operation>

function byKey<const M extends Members>(
  members: M,
  run: (call: Call, input: Input<M>) => Promise<Output>,
): Operation {
  return { ...operation(members, run), byKey: true }
}

function listing(name: keyof typeof filters): Operation {
  return byKey(filter, async (call, input) => {
    const { publicKey } = prove(call, input)
    const context = contextOf(call, publicKey)
    const wanted = input.id === undefined ? input.requestId : requestOf(input.id)
    const found = await listTasks(call.ports, context, {
      fingerprint: fingerprintOf(publicKey),
      operations: filters[name],
      request: wanted,
    })
    const { pageNumber = 0, pageSize = 25, sortOrder } = input.paging ?? {}
    const sorted = sortOrder?.endsWith("_DESC") === true ? found.toReversed() : found
    const page = sorted.slice(pageNumber * pageSize, (pageNumber + 1) * pageSize)
    const level = levels.indexOf(input.detailLevel ?? "level1") + 1
    const answering = { ...call, context }
    return { tasks: await Promise.all(page.map((task) => renderTask(answering, task, level))) }
  })
}

/** @throws Fault for a proof that is none. */
function prove(
  { ports }: Call,
  input: Input<typeof possession>,
): Pick<SpeakCommand, "publicKey" | "mechanism"> {
  if (input.timestampSigningCertificate !== undefined) {
    const text = "who is no approver lists requests in Keyhold's own API"
    throw new Fault("timestamp.signer.not.allowed", text)
  }
  const publicKey = approverKeyOf(input)
  const mechanism = mechanismOf(publicKey, input.timestampDigestAlgorithm)
  const { timestamp, timestampSignature: signature } = input
  const proof = { publicKey, timestamp, signature, mechanism }
  const flaw = flawOfPossession(proof, ports.clock.now())
  if (flaw === "time") throw new Fault("timestamp.off", "the timestamp is not of this time")
  if (flaw === "signature") {
    throw new Fault("invalid.signature", "timestampSignature is not one over timestamp")
  }
  return { publicKey, mechanism }
}

/** The credential that came along; else the approver is whoever holds the key. */
function contextOf({ context, address }: Call, publicKey: Uint8Array): Context {
  if (context.caller.credential !== "approver-key") return context
  return { ...context, caller: callerByKey(context.caller.partition, publicKey, address) }
}

/** A task is a request as one key is asked about it. */
function taskIdOf({ request, approver }: ApproverTask): string {
  return `${request.id}-${approver.fingerprint.slice(0, 16)}`
}

function requestOf(task: string): RequestId {
  const id = parseId<RequestId>(task.split("-", 1)[0] ?? "")
  if (id === undefined) throw noTask()
  return id
}

async function taskOf(call: Call, id: string, publicKey: Uint8Array): Promise<ApproverTask> {
  const [task] = await listTasks(call.ports, contextOf(call, publicKey), {
    fingerprint: fingerprintOf(publicKey),
    request: requestOf(id),
  })
  if (task === undefined || taskIdOf(task) !== id) throw noTask()
  return task
}

async function speak(call: Call, command: SpeakCommand): Promise<void> {
  try {
    await speakOnRequest(call.ports, contextOf(call, command.publicKey), command)
  } catch (error) {
    if (!(error instanceof HsmError)) throw error
    const { code, detail, message } = error
    if (code === "CONFLICT" || code === "NOT_FOUND") throw noTask()
    if (detail.field === "/signature") throw new Fault("invalid.signature", message)
    throw error
  }
}

function noTask(): Fault {
  return new Fault("task.not.existent", "no such task waits for this key")
}

// --- what an approver is shown -------------------------------------------------------------------

/** The member of the body that asked, and that of the task that shows it. */
const shownAs = {
  signRequest: "signedSignRequest",
  modifyRequest: "signedModifyKeyRequest",
  blockRequest: "signedBlockKeyRequest",
  unblockRequest: "signedUnblockKeyRequest",
  decryptRequest: "signedDecryptRequest",
  unwrapKeyRequest: "signedUnwrapKeyRequest",
  csrSignRequest: "signedCertificateRequestRequest",
  signCertificateRequest: "signedSignCertificateRequest",
  selfSignCertificateRequest: "signedSelfSignCertificateRequestDto",
} as const

const empty = Object.fromEntries(Object.values(shownAs).map((name) => [name, null]))

const none = Buffer.from("{}")

/** Levels are cumulative. */
async function renderTask(call: Call, task: ApproverTask, level: number): Promise<object> {
  const { approver, token, request } = task
  // What came as an object's JSON once is that still.
  const asked = parseJson(task.command.original ?? none, limits.jsonDepthMax) as JsonObject
  return {
    detailLevel: levels[level - 1],
    id: taskIdOf(task),
    approvalToBeSigned: encodeBase64(token),
    approverPublicKey: encodeBase64(approver.publicKey),
    ...(level < 2 ? {} : about(task, asked)),
    ...(level < 3 ? {} : wholeRequest(task, asked)),
    ...(level < 4 ? {} : stampOf(task)),
    ...(level < 5 ? {} : await keyOf(call, task)),
    ...(level < 6
      ? {}
      : { requestStatus: renderStatus(await viewRequest(call.ports, call.context, request)) }),
  }
}

function about({ token }: ApproverTask, asked: JsonObject): object {
  const inner = Object.keys(shownAs).map((name) => asked[name] as JsonObject | undefined | null)
  const given = inner.find((one) => one !== undefined && one !== null)
  const { metaData = null, metaDataSignature = null, payloadType = null } = given ?? {}
  const { payload } = readToken(token, "")
  const bytesOf =
    payload === undefined || payload instanceof Uint8Array ? payload : writeRules(payload)
  return {
    metaData,
    metaDataSignature,
    payload: bytesOf === undefined ? null : encodeBase64(bytesOf),
    payloadType,
  }
}

function wholeRequest({ command }: ApproverTask, asked: JsonObject): object {
  const shown: Record<string, JsonObject> = {}
  for (const [name, as] of Object.entries(shownAs)) {
    if ((asked[name] ?? null) !== null) shown[as] = asked
  }
  const requestBase64 = encodeBase64(command.original ?? new Uint8Array())
  return { requestBase64, ...empty, ...shown }
}

function stampOf({ timestamp, request }: ApproverTask): object {
  const { timestampSignature = new Uint8Array() } = request
  return {
    timestamp: encodeBase64(timestamp),
    timestampSignature: encodeBase64(timestampSignature),
    timestampSignatureAlgorithm: "SHA256_WITH_ECDSA",
    timestampSignatureWithAlgorithm: encodeBase64(writeSignature(timestampSignature)),
  }
}

async function keyOf(call: Call, { key, command }: ApproverTask): Promise<object> {
  if (key === undefined) return { keyAttributes: null, keyAttributesSignature: null }
  const { path } = command.parameters as { readonly path?: string } // Of those that have one.
  const { xml, xmlSignature } = await renderKey(call, key, { path })
  return { keyAttributes: xml, keyAttributesSignature: xmlSignature }
}
