/** A stamp for a call that will bring its approvals along: nothing of the command is stored. */

import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { operation } from "../domain/operation.ts"
import type { Question } from "../domain/policy.ts"
import { approversOf } from "../domain/rule.ts"
import { ruleOf } from "../domain/ruling.ts"
import { perform } from "./act.ts"
import { pinKeys } from "./asked-command.ts"
import { refuseUnlessSure } from "./sure-clock.ts"
import type { Context } from "./commands.ts"
import type { Ports } from "./ports.ts"
import { Proceeding } from "./proceeding.ts"
import type { StampCallCommand, StampedCall } from "./quorum-commands.ts"
import { expiryOf } from "./request-record.ts"
import { describeParameters } from "./request-statement.ts"
import { runnerOf, type RequestedCommand } from "./requestable.ts"
import { callIdOf, callStatement, writeStamp } from "./stamped-call.ts"

/**
 * Says when the node saw a command, and what approvers of it sign. The caller needs the right to do
 * it himself.
 *
 * @throws HsmError what the operation itself throws, but APPROVAL_REQUIRED; MALFORMED_REQUEST,
 * field `/asked`, where nobody has to be asked; CONFLICT while the node's clock is in doubt.
 */
export async function stampCall(
  ports: Ports,
  context: Context,
  { asked, lifeMs = limits.stampLifeDefaultMs }: StampCallCommand,
): Promise<StampedCall> {
  return await perform(ports, context, { operation: "call.stamp" }, async (act) => {
    refuseUnlessSure(ports)
    const parameters = await pinKeys(ports, context, asked.parameters)
    const question = await questionOf(ports, context, { ...asked, parameters } as RequestedCommand)
    const place = await ports.stamps.give(act.partition.id, lifeMs, act.now)
    const expiresAt = expiryOf(question, act.now, lifeMs)
    const stamp = { ...place, stampedAt: act.now, expiresAt }
    const statement = callStatement(ports, stamp, { question, parameters })
    const { subject } = context.caller
    const rule = ruleOf(question, operation(question.operation))
    return {
      id: callIdOf(place),
      stamp: writeStamp(ports, stamp, { subject, question, statement }),
      statement,
      stampedAt: act.now,
      expiresAt,
      parameters: describeParameters(parameters),
      approvers: approversOf(rule).map(({ name, fingerprint, publicKey }) => {
        return { name, fingerprint, publicKey }
      }),
    }
  })
}

/** What would be decided: the operation is asked to the end of its decision, and not done. */
async function questionOf(
  ports: Ports,
  context: Context,
  { operation: id, parameters }: RequestedCommand,
): Promise<Question> {
  const approvals = { approvedBy: nobody, rejectedBy: nobody, stampedAt: ports.clock.now() }
  const proceeding = new Proceeding({ operation: id, approvals, end: () => ({ changes: [] }) })
  try {
    await runnerOf(id)(ports, { ...context, dryRun: true, proceeding }, parameters)
  } catch (error) {
    const { code } = error instanceof HsmError ? error : {}
    if (code === "APPROVAL_REQUIRED" && proceeding.question !== undefined) {
      return proceeding.question
    }
    if (code !== "DRY_RUN") throw error
  }
  throw new HsmError("MALFORMED_REQUEST", "nobody has to approve this: it is done without", {
    field: "/asked",
  })
}

const nobody: ReadonlySet<string> = new Set()
