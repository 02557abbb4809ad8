/** A key of another partition, whose policy or a grant lets the caller use it: both know of it. */

import type { AuditEvent } from "../domain/audit-event.ts"
import type { PartitionId } from "../domain/ids.ts"
import type { Question } from "../domain/policy.ts"
import type { Context } from "./commands.ts"
import type { FoundKey } from "./find-key.ts"
import type { UsePorts } from "./ports.ts"

/** The partition that a key is of, where it is not the caller's own. */
export function ownerIn(
  { partition }: Context["caller"],
  found: FoundKey | undefined,
): PartitionId | undefined {
  const owner = found?.key.partition
  return owner === partition ? undefined : owner
}

/**
 * Tells the caller's log, and that of the key's own partition where it lends the key: there the
 * caller goes by his ARN. Throws at once what a log throws at once, before any work begins.
 */
export function recorder(
  { audit }: Pick<UsePorts, "audit">,
  question: Question,
  options: { readonly stopsHarm: boolean },
): (event: AuditEvent) => Promise<void> {
  if (question.owner === undefined) return (event) => audit.enqueue(event, options)
  return (event) => {
    const lent = audit.enqueue(toldOwner(question, event), options)
    return both(lent, audit.enqueue(toldCaller(event), options))
  }
}

/** An event as the key's own partition is told of it. */
export function toldOwner({ owner, access }: Question, event: AuditEvent): AuditEvent {
  if (owner === undefined) return event
  // A lent key has a policy or a grant, which has been asked.
  return { ...event, partition: owner.id, subject: access?.facts.arn ?? "" }
}

/** Whom a change of another partition's key concerns, and what it wrote, is that one's to know. */
function toldCaller(event: AuditEvent): AuditEvent {
  const { target: _target, writes: _writes, storeRev: _rev, ...rest } = event
  return rest
}

async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  await Promise.all([one, other])
}
