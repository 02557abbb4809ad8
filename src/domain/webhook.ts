/** Webhooks: whom the node tells, over HTTPS, what becomes of a partition's requests. */

import type { Instant, PartitionId, PrincipalId } from "./ids.ts"
import { isOpen, requestStates, type RequestRecord, type RequestState } from "./request.ts"

/** What a request can be told about: its states, but for `pending`, in which it is `created`. */
export type WebhookEvent = "created" | Exclude<RequestState, "pending">
export const webhookEvents: readonly WebhookEvent[] = [
  "created",
  ...requestStates.filter((state) => state !== "pending"),
]

export interface Webhook {
  readonly id: string
  readonly url: string
  readonly events: readonly WebhookEvent[]
  /** What its messages are signed with. */
  readonly secret: Uint8Array
  readonly createdAt: Instant
  readonly createdBy: PrincipalId | string
}

/** All of a partition's, so that one look says whom to tell. */
export interface WebhooksRecord {
  readonly id: "all"
  readonly partition: PartitionId
  readonly hooks: readonly Webhook[]
  readonly revision: number
}

/** What has happened to a request between two of its revisions. */
export function eventsBetween(
  before: RequestRecord | undefined,
  after: RequestRecord,
): readonly WebhookEvent[] {
  const { state } = after
  const reached = state === "pending" || state === before?.state ? [] : [state]
  return before === undefined ? ["created", ...reached] : reached
}

/** False for an event of which the request itself knows nothing. */
export function hasHappened(event: WebhookEvent, request: RequestRecord): boolean {
  if (event === "created" || event === request.state) return true
  return event === "approved" && !isOpen(request.state)
}
