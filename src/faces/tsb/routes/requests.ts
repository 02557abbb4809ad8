/** Operations that wait for approvals: asked for, polled, listed, taken back. */

import { encodeBase64 } from "../../../codec/base64.ts"
import { parseJson } from "../../../codec/json.ts"
import { parseId, type RequestId } from "../../../domain/ids.ts"
import { limits } from "../../../domain/limits.ts"
import type { RequestRecord, RequestState } from "../../../domain/request.ts"
import { makeRequest } from "../../../service/make-request.ts"
import type { RequestView } from "../../../service/quorum-commands.ts"
import type { RequestedCommand } from "../../../service/requestable.ts"
import { cancelRequest } from "../../../service/speak-request.ts"
import { listRequests, readRequest } from "../../../service/view-request.ts"
import { renderTime } from "../attributes.ts"
import { pemOf } from "../certificate.ts"
import { Fault } from "../fault.ts"
import { bare, creating, operation, type Call, type Operation } from "../operation.ts"
import { rulesOf } from "../policy.ts"
import { checkRequestSignature, requestSignature } from "../request-signature.ts"
import { choice, need, object, text } from "../../shapes.ts"
import {
  blockRequest,
  decrypting,
  decryptRequest,
  ethereum,
  modifyRequest,
  refuseUnserved,
  signing,
  signRequest,
  unblockRequest,
} from "./use.ts"

export const requestRoutes = {
  "POST /sign": creating(
    operation({ signRequest: need(signRequest), requestSignature }, async (call, input) => {
      checkRequestSignature(call, "signRequest", input.requestSignature)
      const { command: parameters } = await signing(call, input.signRequest)
      const id = await ask(call, { operation: "key.sign", parameters })
      return { signRequestId: id }
    }),
  ),
  "POST /decrypt": creating(
    operation({ decryptRequest: need(decryptRequest), requestSignature }, async (call, input) => {
      checkRequestSignature(call, "decryptRequest", input.requestSignature)
      const parameters = decrypting(input.decryptRequest)
      const id = await ask(call, { operation: "key.decrypt", parameters })
      return { decryptRequestId: id }
    }),
  ),
  "POST /block": creating(
    operation({ blockRequest: need(blockRequest), requestSignature }, async (call, input) => {
      checkRequestSignature(call, "blockRequest", input.requestSignature)
      const { blockKeyName: key } = input.blockRequest
      refuseUnserved(input.blockRequest)
      const id = await ask(call, { operation: "key.block", parameters: { key } })
      return { blockKeyRequestId: id }
    }),
  ),
  "POST /unblock": creating(
    operation({ unblockRequest: need(unblockRequest), requestSignature }, async (call, input) => {
      checkRequestSignature(call, "unblockRequest", input.requestSignature)
      const { unblockKeyName: key } = input.unblockRequest
      refuseUnserved(input.unblockRequest)
      const id = await ask(call, { operation: "key.unblock", parameters: { key } })
      return { unblockKeyRequestId: id }
    }),
  ),
  "POST /modify": creating(
    operation({ modifyRequest: need(modifyRequest), requestSignature }, async (call, input) => {
      checkRequestSignature(call, "modifyRequest", input.requestSignature)
      const { modifyKeyName: key, policy } = input.modifyRequest
      refuseUnserved(input.modifyRequest)
      const parameters = { key, rules: await rulesOf(call, policy) }
      const id = await ask(call, { operation: "key.set-rules", parameters })
      return { modifyKeyRequestId: id }
    }),
  ),
  "GET /request/{}": bare(async (call) => {
    const view = await readRequest(call.ports, call.context, requestIdOf(call.parameter))
    return renderStatus(view)
  }),
  "DELETE /request/{}": bare(async (call) => {
    const view = await cancelRequest(call.ports, call.context, requestIdOf(call.parameter))
    return renderStatus(view)
  }),
  "POST /filteredRequests": operation(
    { status: choice(["PENDING", "APPROVED", "EXECUTED", "FAILED", "EXPIRED", "REJECTED"]) },
    async (call, { status }) => await filtered(call, status),
  ),
} as const satisfies Record<string, Operation>

/** Asks for an operation, by the body that is being answered. */
export async function ask(call: Call, asked: RequestedCommand): Promise<RequestId> {
  const { ports, context, body } = call
  const { request } = await makeRequest(ports, context, {
    asked,
    original: body,
    // The rule's timeout may be longer than what a request lives when nothing is said.
    lifeMs: limits.requestLifeMaxMs,
  })
  return request.id
}

/** @throws Fault: there can be no such request. */
export function requestIdOf(text: string): RequestId {
  const id = parseId<RequestId>(text)
  if (id === undefined) throw new Fault("request.not.existent", "there is no such request")
  return id
}

type Status = Uppercase<RequestState>

function statusOf({ state }: RequestRecord): Status {
  return state.toUpperCase() as Status // Both lists have the same words.
}

/** A request as its requester polls it. */
export function renderStatus(view: RequestView): object {
  const { request, approvers, verdict } = view
  const keysWith = (word: "approval" | "rejection" | undefined) =>
    approvers.filter((one) => one.word === word).map(({ publicKey }) => encodeBase64(publicKey))
  const waiting = verdict?.outcome === "pending" ? verdict.tokens : []
  const until = waiting.flatMap((one) => (one.state === "waiting" ? [one.until ?? []].flat() : []))
  const [at = request.finishedAt] = until.toSorted((one, other) => one - other)
  return {
    id: request.id,
    status: statusOf(request),
    executionTime: at === undefined ? null : renderTime(at),
    approvedBy: keysWith("approval"),
    notYetApprovedBy: keysWith(undefined),
    rejectedBy: keysWith("rejection"),
    result: request.result === undefined ? null : resultOf(view, request.result),
  }
}

/** What each operation's service answers, as this dialect tells it; null where there is nothing. */
function resultOf({ original }: RequestView, result: object): string | null {
  if ("plaintext" in result && result.plaintext instanceof Uint8Array) {
    return encodeBase64(result.plaintext)
  }
  const pem = pemOf(result)
  if (pem !== undefined) return pem
  if (!("signature" in result && result.signature instanceof Uint8Array)) return null
  return encodeBase64(finishOf(original)(result.signature))
}

const asking = object({ signRequest: object({ signatureType: text }) })

/** How the signature is written was said in the body that asked for it. */
function finishOf(original: Uint8Array | undefined): (signature: Uint8Array) => Uint8Array {
  if (original === undefined) return (signature) => signature
  const { signRequest: asked } = asking.read(parseJson(original, limits.jsonDepthMax) ?? {}, "")
  return asked?.signatureType === "ETH" ? ethereum : (signature) => signature
}

async function filtered({ ports, context }: Call, status: string | undefined): Promise<object> {
  const requests: object[] = []
  let after: string | undefined
  do {
    const page = await listRequests(ports, context, { after, limit: limits.pageSizeMax })
    for (const one of page.items) {
      if (status !== undefined && statusOf(one) !== status) continue
      requests.push({ id: one.id, status: statusOf(one), creationTime: renderTime(one.stampedAt) })
    }
    after = page.next
  } while (after !== undefined)
  return { requests }
}
