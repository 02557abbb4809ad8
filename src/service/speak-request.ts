/** What approvers say: approvals, rejections, cancellations; each a signature over a statement. */

import { HsmError } from "../domain/errors.ts"
import type { RequestId } from "../domain/ids.ts"
import { limits } from "../domain/limits.ts"
import { isOpen, type RequestRecord, type SignedWord } from "../domain/request.ts"
import { approversOf } from "../domain/rule.ts"
import { fingerprintOf, isSignedBy } from "../identity/approver.ts"
import { perform, recordDone, type Act } from "./act.ts"
import { bytesOfWord } from "./approval-token.ts"
import type { Context } from "./commands.ts"
import { advance, commitChange, conclude } from "./execute-request.ts"
import type { Ports } from "./ports.ts"
import type { RequestView, SpeakCommand } from "./quorum-commands.ts"
import { revised, stateOf } from "./request-record.ts"
import { isOver, standingOf } from "./standing.ts"
import { viewRequest, visibleRequest } from "./view-request.ts"

/**
 * Takes an approver's word. The approval that completes the rule has the operation done, if no
 * timelock runs; a cancellation ends the request at once, also while its timelock runs.
 *
 * @throws HsmError NOT_FOUND; CONFLICT when the request has ended, or this key has spoken already;
 * OPERATION_FORBIDDEN for a key that the rule does not name; MALFORMED_REQUEST, field `/signature`,
 * for a signature that is not his over this word; QUOTA_EXCEEDED beyond limits.requestWordsMax.
 */
export async function speakOnRequest(
  ports: Ports,
  context: Context,
  command: SpeakCommand,
): Promise<RequestView> {
  const ask = { operation: "request.speak", target: command.request } as const
  return await perform(ports, context, ask, async (act) => {
    // One after the other: approvers who speak at the same time do not undo each other.
    const { before, spoken } = await ports.inFlight.alone(
      `request/${command.request}`,
      async () => {
        await ports.records.sync()
        const found = await ports.records.read("request", act.partition.id, command.request)
        if (found === undefined) throw new HsmError("NOT_FOUND", "no such request")
        return { before: found, spoken: await takeWord(ports, act, found, command) }
      },
    )
    if (spoken === undefined) {
      await advance(ports, before)
      throw new HsmError("CONFLICT", "it is too late: the request has ended")
    }
    const after = isOpen(spoken.state) ? await advance(ports, spoken) : spoken
    return await viewRequest(ports, context, after)
  })
}

/**
 * Takes a request back: by who asked for it, by a manager or an officer.
 *
 * @throws HsmError NOT_FOUND; CONFLICT when it has ended.
 */
export async function cancelRequest(
  ports: Ports,
  context: Context,
  id: RequestId,
): Promise<RequestView> {
  const ask = { operation: "request.cancel", target: id } as const
  return await perform(ports, context, ask, async () => {
    const found = await visibleRequest(ports, context, id)
    refuseUnlessOpen(found)
    return await viewRequest(ports, context, await conclude(ports, found, { state: "cancelled" }))
  })
}

/** @returns undefined when its time is over. */
async function takeWord(
  ports: Ports,
  act: Act,
  request: RequestRecord,
  command: SpeakCommand,
): Promise<RequestRecord | undefined> {
  refuseUnlessOpen(request)
  const { rule, facts, verdict } = await standingOf(ports, request)
  if (isOver(request, facts) || verdict.outcome === "unreachable") return undefined
  const fingerprint = fingerprintOf(command.publicKey)
  const approver = approversOf(rule).find((one) => one.fingerprint === fingerprint)
  if (approver === undefined) {
    throw new HsmError("OPERATION_FORBIDDEN", "the rule does not name this key", {
      rule: "approvals",
    })
  }
  if (request.words.some((one) => one.fingerprint === fingerprint && !mayFollow(one, command))) {
    throw new HsmError("CONFLICT", "this key has spoken already")
  }
  const { word, mechanism, signature, over } = command
  const recorded = await ports.records.read("request-command", request.partition, request.id)
  const statement = bytesOfWord(ports, request, recorded?.parameters ?? {}, command)
  if (
    statement === undefined ||
    !isSignedBy(approver, { mechanism, statement, signature }, act.now)
  ) {
    throw new HsmError("MALFORMED_REQUEST", "is not this approver's signature over this word", {
      field: "/signature",
    })
  }
  const { name, publicKey } = approver
  const said = { word, name, fingerprint, publicKey, at: act.now, mechanism, signature }
  return await add(ports, act, request, over === undefined ? said : { ...said, over })
}

/** Who has approved may still stop it. */
function mayFollow({ word }: SignedWord, next: SpeakCommand): boolean {
  return word === "approval" && next.word === "cancellation"
}

async function add(
  ports: Ports,
  act: Act,
  request: RequestRecord,
  said: SignedWord,
): Promise<RequestRecord> {
  const words = [...request.words, said]
  if (words.length > limits.requestWordsMax) {
    throw new HsmError("QUOTA_EXCEEDED", `at most ${limits.requestWordsMax} words on a request`)
  }
  if (said.word === "cancellation") {
    return await conclude(ports, request, { state: "cancelled", words })
  }
  const { verdict } = await standingOf(ports, request, words)
  const after = revised({ ...request, words }, { state: stateOf(verdict), verdict, now: act.now })
  const committed = await commitChange(ports, request, after)
  await recordDone(ports, act, { target: request.id, committed })
  return after
}

function refuseUnlessOpen({ state }: RequestRecord): void {
  if (!isOpen(state)) throw new HsmError("CONFLICT", `the request is ${state}`)
}
