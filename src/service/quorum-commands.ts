/** What faces hand to the services of rules and requests; the rest is in commands.ts. */

import type { MechanismId } from "../domain/algorithms.ts"
import type { Hours } from "../domain/hours.ts"
import type { Instant, RequestId } from "../domain/ids.ts"
import type { OperationId } from "../domain/operation.ts"
import type { ApproverWord, RequestRecord, RequestState, SignedWord } from "../domain/request.ts"
import type { ApproverKey, Budget, KeyRuleName, RuleVerdict } from "../domain/rule.ts"
import type { Webhook, WebhookEvent } from "../domain/webhook.ts"
import type { ApproverTemplate } from "../identity/approver.ts"
import type { Idempotent, KeyRef, PageCommand } from "./commands.ts"
import type { describeParameters } from "./request-statement.ts"
import type { RequestedCommand } from "./requestable.ts"

/** A rule as callers write it; docs/operate/quorum.md. */
export interface RuleTemplate {
  readonly tokens: readonly TokenTemplate[]
}
export interface TokenTemplate {
  readonly name: string
  readonly timelockMs: number
  readonly timeoutMs: number
  readonly groups: readonly GroupTemplate[]
  readonly hours?: readonly Hours[] | undefined
  /** Of a key's rule for use alone. */
  readonly budget?: Budget | undefined
}
export interface GroupTemplate {
  readonly name: string
  readonly quorum: number
  readonly approvers: readonly ApproverTemplate[]
}
export type KeyRulesTemplate = { readonly [Name in KeyRuleName]?: RuleTemplate | undefined }

export interface SetKeyRulesCommand {
  readonly key: KeyRef
  readonly rules: KeyRulesTemplate
}

/** An operation that others have to approve. */
export interface MakeRequestCommand extends Idempotent {
  readonly asked: RequestedCommand
  /** At most limits.requestLifeMaxMs; limits.requestLifeDefaultMs when absent. */
  readonly lifeMs?: number | undefined
  /** For people; at most limits.requestReasonLengthMax characters. */
  readonly reason?: string | undefined
  /** Asked for in the TSB dialect, by this body: approvers may sign its token. */
  readonly original?: Uint8Array | undefined
}

export interface ListRequestsCommand extends PageCommand {
  readonly state?: RequestState | undefined
  readonly keyId?: string | undefined
}

/** One approver's word; his key is found by its public half. */
export interface SpeakCommand {
  readonly request: RequestId
  readonly word: ApproverWord
  /** SPKI DER. */
  readonly publicKey: Uint8Array
  readonly mechanism: MechanismId
  /** Over the statement of the word, or over its token. ECDSA: DER. */
  readonly signature: Uint8Array
  readonly over?: SignedWord["over"] | undefined
}

/** A command that a call will bring approvals for. */
export interface StampCallCommand {
  readonly asked: RequestedCommand
  /** At most limits.stampLivesMs; limits.stampLifeDefaultMs when absent. */
  readonly lifeMs?: number | undefined
}

export interface StampedCall {
  /** What approvers and the log call it. */
  readonly id: string
  /** Opaque; the call brings it. */
  readonly stamp: Uint8Array
  /** What every approver signs. */
  readonly statement: Uint8Array
  readonly stampedAt: Instant
  readonly expiresAt: Instant
  readonly parameters: ReturnType<typeof describeParameters>
  /** Whom the rule names. */
  readonly approvers: readonly Pick<ApproverKey, "name" | "fingerprint" | "publicKey">[]
}

/** An approver's signature over a call's statement. */
export type BroughtApproval = Pick<SpeakCommand, "publicKey" | "mechanism" | "signature">

export interface MakeCallCommand {
  readonly asked: RequestedCommand
  readonly stamp: Uint8Array
  /** At most limits.requestWordsMax. */
  readonly approvals: readonly BroughtApproval[]
}

export interface MadeCall {
  readonly id: string
  readonly operation: OperationId
  /** What the operation's own service answers. */
  readonly result: object
}

export interface RequestView {
  /** Without its result, for others than who asked for it. */
  readonly request: RequestRecord
  /** What will be done, as approvers are told. */
  readonly parameters: ReturnType<typeof describeParameters>
  /** Whom the rule names; empty when it is another rule by now. */
  readonly approvers: readonly {
    readonly name: string
    readonly fingerprint: string
    readonly publicKey: Uint8Array
    readonly word?: ApproverWord
  }[]
  /** While it is open: how far its rule is, and what an approver signs. */
  readonly verdict?: RuleVerdict
  readonly statement?: Uint8Array
  /** In the TSB dialect, what an approver may sign instead. */
  readonly token?: Uint8Array
  /** The body that asked for it there. */
  readonly original?: Uint8Array
}

/** Whom to tell, of what. */
export interface CreateWebhookCommand {
  readonly url: string
  readonly events: readonly WebhookEvent[]
}

export interface CreatedWebhook {
  readonly webhook: Webhook
  /** `whsec_...`, shown this once. */
  readonly secret: string
}

export interface TestedWebhook {
  readonly delivered: boolean
  /** What the receiver answered; absent when there was no answer, for whatever reason. */
  readonly status?: number
}
