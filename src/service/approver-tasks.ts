/** What waits for one approver's key: the requests whose rule names it, and that it may decide. */

import { HsmError } from "../domain/errors.ts"
import type { PartitionId } from "../domain/ids.ts"
import type { OperationId } from "../domain/operation.ts"
import { limits } from "../domain/limits.ts"
import type { KeyRecord } from "../domain/key.ts"
import { isOpen, type RequestCommandRecord, type RequestRecord } from "../domain/request.ts"
import { approversOf, type ApproverKey } from "../domain/rule.ts"
import { perform } from "./act.ts"
import { timestampOf, tokenOf } from "./approval-token.ts"
import type { Context } from "./commands.ts"
import type { Ports } from "./ports.ts"
import { isOver, standingOf } from "./standing.ts"

export interface TasksCommand {
  /** Of the approver's key; that he holds it has been proven. */
  readonly fingerprint: string
  /** Absent: all of them. */
  readonly operations?: readonly OperationId[] | undefined
  readonly request?: string | undefined
}

/** A request as an approver is asked about it. */
export interface ApproverTask {
  readonly request: RequestRecord
  readonly command: RequestCommandRecord
  readonly approver: ApproverKey
  /** What he signs to approve. */
  readonly token: Uint8Array
  /** What the node signed in it. */
  readonly timestamp: Uint8Array
  /** Absent for a key that is gone. */
  readonly key: KeyRecord | undefined
}

/**
 * Everything that waits for the key, oldest first; requests of this dialect alone. Whoever has
 * nothing but a key, for which nothing waits, leaves no trace in the log: anybody has a key.
 *
 * @throws HsmError NOT_FOUND for a partition that does not exist; AUDIT_UNAVAILABLE.
 */
export async function listTasks(
  ports: Ports,
  context: Context,
  command: TasksCommand,
): Promise<readonly ApproverTask[]> {
  const { partition, credential } = context.caller
  await ports.records.sync()
  if ((await ports.records.read("partition", partition, partition)) === undefined) {
    throw new HsmError("NOT_FOUND", "no such partition")
  }
  const tasks = await findTasks(ports, partition, command)
  if (credential === "approver-key" && tasks.length === 0) return tasks
  return await perform(ports, context, { operation: "request.list" }, () => tasks)
}

async function findTasks(
  ports: Ports,
  partition: PartitionId,
  { fingerprint, operations, request: only }: TasksCommand,
): Promise<readonly ApproverTask[]> {
  const isWanted = ({ operation }: RequestRecord): boolean =>
    operations === undefined || operations.includes(operation)
  if (only !== undefined) {
    const request = await ports.records.read("request", partition, only)
    if (request === undefined || !isWanted(request)) return []
    const task = await taskOf(ports, request, fingerprint)
    return task === undefined ? [] : [task]
  }
  const tasks: ApproverTask[] = []
  let after: string | undefined
  do {
    const limit = limits.pageSizeMax
    const page = await ports.records.list("request", partition, { after, limit })
    for (const request of page.items) {
      if (!isWanted(request)) continue
      const task = await taskOf(ports, request, fingerprint)
      if (task !== undefined) tasks.push(task)
    }
    after = page.next
  } while (after !== undefined)
  return tasks.toSorted((one, other) => one.request.stampedAt - other.request.stampedAt)
}

async function taskOf(
  ports: Ports,
  request: RequestRecord,
  fingerprint: string,
): Promise<ApproverTask | undefined> {
  const { partition, id, state, words, timestampSignature, key: about } = request
  if (!isOpen(state) || timestampSignature === undefined) return undefined
  if (words.some((word) => word.fingerprint === fingerprint)) return undefined
  const { rule, facts, verdict } = await standingOf(ports, request)
  const approver = approversOf(rule).find((one) => one.fingerprint === fingerprint)
  if (approver === undefined || isOver(request, facts) || verdict.outcome === "unreachable") {
    return undefined
  }
  const command = await ports.records.read("request-command", partition, id)
  if (command === undefined) return undefined
  const { parameters } = command
  const token = tokenOf(ports, request, parameters)
  const timestamp = timestampOf(ports, request, parameters)
  if (token === undefined || timestamp === undefined) return undefined
  const key = about && (await ports.records.read("key", partition, about.id))
  return { request, command, approver, token, timestamp, key }
}
