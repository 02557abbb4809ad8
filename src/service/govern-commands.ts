/** Commands about partitions, principals and issuers, and what they answer. */

import type { KeyAlgorithmId } from "../domain/algorithms.ts"
import type { KeyStorePolicy } from "../domain/key-store.ts"
import type { CredentialId, PartitionId, PrincipalId } from "../domain/ids.ts"
import type { IssuerRecord } from "../domain/issuer.ts"
import type { PartitionFlags, PartitionQuota, PartitionRecord } from "../domain/partition.ts"
import type { Grant, PrincipalRecord, Role } from "../domain/principal.ts"
import type { ApproverKey } from "../domain/rule.ts"
import type { TransportedFile } from "../engine/approver-key.ts"
import type { Idempotent } from "./commands.ts"
import type { RuleTemplate } from "./quorum-commands.ts"

export interface CreatePartitionCommand extends Idempotent {
  readonly name: string
  readonly flags?: Partial<PartitionFlags> | undefined
  readonly quota?: Partial<PartitionQuota> | undefined
}
export interface CreatePartitionResult {
  readonly partition: PartitionRecord
  readonly officer: PrincipalRecord
  /** Shown once: absent when this answer repeats an earlier one. */
  readonly token?: string
}
export interface UpdatePartitionCommand {
  readonly flags?: Partial<PartitionFlags> | undefined
  /** Takes the place of what was said before. */
  readonly timestamps?: TimestampSettingsTemplate | undefined
}
/** As {@link TimestampSettings}, before it is known which key is meant. */
export interface TimestampSettingsTemplate {
  readonly key?: string | undefined
  readonly policy?: string | undefined
  readonly accuracyMs?: number | undefined
}
/** Undefined: no rule any more. */
export interface SetPartitionRulesCommand {
  readonly administration: RuleTemplate | undefined
}
export interface UpdateQuotaCommand {
  readonly partition: PartitionId
  readonly quota: Partial<PartitionQuota>
}

export type NewCredential =
  | { readonly kind: "token"; readonly lifeMs?: number | undefined }
  | { readonly kind: "certificate"; readonly certificate: Uint8Array }
  | { readonly kind: "access-key"; readonly lifeMs?: number | undefined }

/** An access key for AWS's dialects, as its holder is shown it, once. */
export interface ShownAccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface CreatePrincipalCommand extends Idempotent {
  readonly name: string
  readonly roles: readonly Role[]
  readonly grants?: readonly Grant[] | undefined
  readonly addresses?: readonly string[] | undefined
  readonly credential: NewCredential
  /** He is an external key store of AWS's; then his one role is `user`. */
  readonly keyStore?: KeyStorePolicy | undefined
}
export interface PrincipalWithToken {
  readonly principal: PrincipalRecord
  /** Shown once; absent for other credentials and for repeated calls. */
  readonly token?: string
  /** Likewise. */
  readonly accessKey?: ShownAccessKey
}
export interface UpdatePrincipalCommand {
  readonly principal: PrincipalId
  readonly roles?: readonly Role[] | undefined
  readonly grants?: readonly Grant[] | undefined
  readonly addresses?: readonly string[] | undefined
  readonly state?: "active" | "disabled" | undefined
  /** Of a key store: replaces its policy. */
  readonly keyStore?: KeyStorePolicy | undefined
}
export interface IssueTokenCommand {
  readonly principal: PrincipalId
  readonly lifeMs?: number | undefined
  /** The older tokens live on for so long; 0: they end now. */
  readonly overlapMs?: number | undefined
}
export interface IssueAccessKeyCommand {
  readonly principal: PrincipalId
  readonly lifeMs?: number | undefined
}
export interface RevokeCredentialCommand {
  readonly principal: PrincipalId
  readonly credential: CredentialId
}

export type CreateIssuerCommand = Omit<
  IssuerRecord,
  "id" | "partition" | "createdAt" | "revision"
> &
  Idempotent

export interface CreateApproverCommand {
  readonly name: string
  /** The node shall make his key; absent: he brings one. */
  readonly making?: MakeKeyCommand | undefined
}
export interface MakeKeyCommand {
  readonly algorithm: KeyAlgorithmId
  /** Of its certificate; at most limits.certificateLifeMaxMs. */
  readonly lifeMs: number
  /** Of the file in which it leaves. */
  readonly password: string
}
export interface InvitedApprover {
  readonly approver: PrincipalRecord
  /** Shown once. */
  readonly code: string
}
export interface OnboardApproverCommand {
  readonly name: string
  readonly code: string
  /** PKCS #10, DER: his own key, and the proof that he has it; absent: he is handed one. */
  readonly request?: Uint8Array | undefined
  /** Its 16 or 32 bytes encrypt what he is handed, for the way. */
  readonly transportPassword?: string | undefined
}
export interface OnboardedApprover {
  readonly approver: PrincipalRecord
  readonly key: ApproverKey
  /** The PKCS#12 of a key that was made for him. */
  readonly file?: TransportedFile
}
