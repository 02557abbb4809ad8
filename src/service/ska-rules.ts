/** Rules as the token of the TSB dialect tells them: minutes, and public keys alone. */

import type { SkaKey, SkaRules, SkaRuleToken } from "../codec/ska-token.ts"
import { HsmError } from "../domain/errors.ts"
import { keyRuleNames } from "../domain/rule.ts"
import type { ApproverTemplate } from "../identity/approver.ts"
import { keyOfChain } from "../identity/certificate-chain.ts"
import type { KeyRulesTemplate, TokenTemplate } from "./quorum-commands.ts"

const minuteMs = 60_000
/** Says what an absent rule says: nobody has to agree. */
const always: SkaRuleToken = { name: "", timelockMinutes: 0, timeoutMinutes: 0, groups: [] }

/**
 * The four rules that a key shall get.
 *
 * @throws HsmError MALFORMED_REQUEST for hours, and for times that are not whole minutes.
 */
export function rulesPayload(template: KeyRulesTemplate): SkaRules {
  const entries = keyRuleNames.map((name) => {
    const rule = template[name]
    return [name, rule === undefined ? [always] : rule.tokens.map(tokenPayload)] as const
  })
  // The names are those of the table.
  return Object.fromEntries(entries) as unknown as SkaRules
}

function tokenPayload({ name, timelockMs, timeoutMs, groups, hours }: TokenTemplate): SkaRuleToken {
  if (hours !== undefined) refuse("hours have no place in this dialect's rules")
  return {
    name,
    timelockMinutes: minutesOf(timelockMs),
    timeoutMinutes: minutesOf(timeoutMs),
    groups: groups.map((group) => ({
      name: group.name,
      quorum: group.quorum,
      keys: group.approvers.map(keyPayload),
    })),
  }
}

function keyPayload(approver: ApproverTemplate): SkaKey {
  const publicKey =
    approver.kind === "certificate" ? keyOfChain(approver.chain) : approver.publicKey
  if (publicKey === undefined) refuse("an approver's certificate is none")
  return { name: approver.name, publicKey }
}

function minutesOf(ms: number): number {
  if (ms % minuteMs !== 0) refuse("this dialect's times are multiples of 60 seconds")
  return ms / minuteMs
}

function refuse(message: string): never {
  throw new HsmError("MALFORMED_REQUEST", message, { field: "/rules" })
}
