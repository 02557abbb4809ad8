/**
 * A call that brings its approvals along: done at once, and once. Every signature is verified
 * beside the key, in the one decision; the result leaves when the commit that uses the stamp up is
 * in the store. A crash before that leaves nothing used, one after it forfeits the result.
 */

import { HsmError } from "../domain/errors.ts"
import { operation, type OperationRow } from "../domain/operation.ts"
import type { Question } from "../domain/policy.ts"
import { approversOf } from "../domain/rule.ts"
import { ruleOf, type Approvals } from "../domain/ruling.ts"
import { fingerprintOf, isSignedBy } from "../identity/approver.ts"
import type { Change } from "../records/committer.ts"
import { perform } from "./act.ts"
import { pinKeys } from "./asked-command.ts"
import { refuseUnlessSure } from "./sure-clock.ts"
import type { Context } from "./commands.ts"
import type { Ports } from "./ports.ts"
import { Proceeding } from "./proceeding.ts"
import type { MadeCall, MakeCallCommand, BroughtApproval } from "./quorum-commands.ts"
import { runnerOf, type RequestedCommand } from "./requestable.ts"
import { callIdOf, callStatement, isStamped, noStamp, readStamp } from "./stamped-call.ts"
import type { ShownStamp } from "./stamped-call.ts"

/**
 * Does what was stamped, with these approvals.
 *
 * @throws HsmError what the operation itself throws; APPROVAL_REQUIRED while approvals are missing
 * or a timelock runs; CONFLICT when it is too late, the approvals have been used, or the clock is
 * in doubt; MALFORMED_REQUEST, field `/stamp` or `/approvals/...`; OPERATION_FORBIDDEN for a key
 * that the rule does not name. None of these uses the approvals up.
 */
export async function makeCall(
  ports: Ports,
  context: Context,
  { asked, stamp: shown, approvals }: MakeCallCommand,
): Promise<MadeCall> {
  const stamp = readStamp(shown)
  const id = callIdOf(stamp)
  return await perform(ports, context, { operation: "call.make", target: id }, async (act) => {
    refuseUnlessSure(ports)
    const parameters = await pinKeys(ports, context, asked.parameters)
    const call = { asked: { ...asked, parameters } as RequestedCommand, stamp, approvals }
    const partition = act.partition.id
    const row: OperationRow = operation(asked.operation)
    if (row.changes === true) {
      const result = await ports.stamps.useWithin(partition, stamp, (use) =>
        change(ports, context, call, use),
      )
      return { id, operation: asked.operation, result }
    }
    using usable = await ports.stamps.unused(partition, stamp, act.recorded)
    const result = await run(ports, context, call).result
    await usable.use()
    return { id, operation: asked.operation, result }
  })
}

interface Brought {
  readonly asked: RequestedCommand
  readonly stamp: ShownStamp
  readonly approvals: readonly BroughtApproval[]
}

/** What is changed and the use of the stamp are one commit. */
async function change(ports: Ports, context: Context, call: Brought, use: Change): Promise<object> {
  const { proceeding, result } = run(ports, context, call, use)
  const done = await result
  if (!proceeding.ended) await ports.records.commit(context.caller.partition, { changes: [use] })
  return done
}

function run(
  ports: Ports,
  context: Context,
  { asked, stamp, approvals }: Brought,
  use?: Change,
): { readonly proceeding: Proceeding; readonly result: Promise<object> } {
  const { operation: id, parameters } = asked
  const proceeding = new Proceeding({
    operation: id,
    approvals: (question) =>
      verified(ports, { question, parameters, stamp, approvals, subject: context.caller.subject }),
    end: () => ({ changes: use === undefined ? [] : [use] }),
  })
  return { proceeding, result: runnerOf(id)(ports, { ...context, proceeding }, parameters) }
}

/** Of the approvals that were brought, all have to be good: a bad one is told, not passed over. */
function verified(
  ports: Ports,
  brought: {
    readonly question: Question
    readonly parameters: object
    readonly subject: string
    readonly stamp: ShownStamp
    readonly approvals: readonly BroughtApproval[]
  },
): Approvals {
  const { question, stamp, approvals, subject } = brought
  const statement = callStatement(ports, stamp, brought)
  if (!isStamped(ports, stamp, { subject, question, statement })) throw noStamp()
  if (question.now > stamp.expiresAt) {
    throw new HsmError("CONFLICT", "it is too late: the stamp has expired")
  }
  const rule = ruleOf(question, operation(question.operation))
  const approvers = new Map(approversOf(rule).map((one) => [one.fingerprint, one]))
  const approvedBy = new Set<string>()
  for (const [at, { publicKey, mechanism, signature }] of approvals.entries()) {
    const fingerprint = fingerprintOf(publicKey)
    const approver = approvers.get(fingerprint)
    if (approver === undefined) {
      const why = "the rule does not name the key of an approval"
      throw new HsmError("OPERATION_FORBIDDEN", why, { rule: "approvals" })
    }
    if (approvedBy.has(fingerprint)) throw malformed(`/approvals/${at}`, "is a key's second one")
    if (!isSignedBy(approver, { mechanism, statement, signature }, question.now)) {
      throw malformed(`/approvals/${at}/signature`, "is not this approver's over the statement")
    }
    approvedBy.add(fingerprint)
  }
  return { approvedBy, rejectedBy: new Set(), stampedAt: stamp.stampedAt }
}

function malformed(field: string, why: string): HsmError {
  return new HsmError("MALFORMED_REQUEST", why, { field })
}
