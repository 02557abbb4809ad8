/** What a request shows: to its requester everything, to others what they decide about. */

import { HsmError } from "../domain/errors.ts"
import type { RequestId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { grantAdmits } from "../domain/principal.ts"
import { isOpen, type RequestRecord } from "../domain/request.ts"
import { approversOf } from "../domain/rule.ts"
import { perform } from "./act.ts"
import { tokenOf } from "./approval-token.ts"
import { advance } from "./execute-request.ts"
import type { Context, Page } from "./commands.ts"
import type { ListRequestsCommand, RequestView } from "./quorum-commands.ts"
import { scannedPerPage } from "./page.ts"
import type { Ports } from "./ports.ts"
import { describeParameters, statementOf } from "./request-statement.ts"
import { standingOf } from "./standing.ts"

/**
 * Shows a request; one whose time has come is done, or ended, before.
 *
 * @throws HsmError NOT_FOUND, also for a request that the caller may not see.
 */
export async function readRequest(
  ports: Ports,
  context: Context,
  id: RequestId,
): Promise<RequestView> {
  const ask = { operation: "request.read", target: id } as const
  return await perform(ports, context, ask, async (act) => {
    const found = await visibleRequest(ports, context, id)
    const isDue = isOpen(found.state) && found.dueAt <= act.now
    return await viewRequest(ports, context, isDue ? await advance(ports, found) : found)
  })
}

/**
 * One page of the requests that match and that the caller may see, without what is asked for. A
 * page may be short, even empty, and still have a `next`: only a page without `next` is the last.
 */
export async function listRequests(
  ports: Ports,
  context: Context,
  command: ListRequestsCommand,
): Promise<Page<RequestRecord>> {
  const { limit = limits.pageSizeDefault, state, keyId } = command
  return await perform(ports, context, { operation: "request.list" }, async ({ partition }) => {
    const items: RequestRecord[] = []
    let { after } = command
    for (let scanned = 0; scanned < scannedPerPage; scanned += limit) {
      const page = await ports.records.list("request", partition.id, { after, limit })
      for (const one of page.items) {
        after = one.id
        if (state !== undefined && one.state !== state) continue
        if (keyId !== undefined && one.key?.id !== keyId) continue
        if (!(await isVisible(ports, context, one))) continue
        items.push(one)
        if (items.length === limit) return { items, next: one.id }
      }
      if (page.next === undefined) return { items, next: undefined }
      after = page.next
    }
    return { items, next: after }
  })
}

/** @throws HsmError NOT_FOUND: there is none, or the caller may not see it. */
export async function visibleRequest(
  ports: Ports,
  context: Context,
  id: RequestId,
): Promise<RequestRecord> {
  const found = await ports.records.read("request", context.caller.partition, id)
  if (found !== undefined && (await isVisible(ports, context, found))) return found
  throw new HsmError("NOT_FOUND", "no such request")
}

/** Who uses keys sees his own; who keeps, approves, governs or audits sees what he is granted. */
async function isVisible(
  ports: Ports,
  { caller }: Context,
  { key, partition, requester }: RequestRecord,
): Promise<boolean> {
  if (requester.subject === caller.subject) return true
  if (!caller.roles.some((role) => seesAll.includes(role))) return false
  if (caller.grants.length === 0) return true
  const record = key && (await ports.records.read("key", partition, key.id))
  return caller.grants.some((grant) => grantAdmits(grant, "request.read", record))
}
const seesAll: readonly string[] = ["manager", "approver", "officer", "auditor"]

/** A request with all that belongs to it, for a caller who may see it. */
export async function viewRequest(
  ports: Ports,
  { caller }: Context,
  request: RequestRecord,
): Promise<RequestView> {
  const { result: _result, ...others } = request
  const command = await ports.records.read("request-command", request.partition, request.id)
  if (command === undefined) throw new HsmError("TAMPERED", "a request's command is gone")
  const { parameters, original } = command
  const { rule, verdict } = await standingOf(ports, request)
  const view = {
    // What came out of it is for who asked for it alone.
    request: request.requester.subject === caller.subject ? request : others,
    parameters: describeParameters(parameters),
    ...(original === undefined ? {} : { original }),
    approvers: approversOf(rule).map(({ name, fingerprint, publicKey }) => {
      const word = request.words.find((one) => one.fingerprint === fingerprint)?.word
      return { name, fingerprint, publicKey, ...(word === undefined ? {} : { word }) }
    }),
  }
  if (!isOpen(request.state)) return view
  const statement = statementOf("approval", ports.clusterId, request, parameters)
  const token = tokenOf(ports, request, parameters)
  return { ...view, verdict, statement, ...(token === undefined ? {} : { token }) }
}
