/** What AWS's dialect hands to services, beside what every face does. */

import type { NamedByArn } from "../codec/user-arn.ts"
import type { Instant, KeyId } from "../domain/ids.ts"
import type { KeyRecord } from "../domain/key.ts"
import type { PolicyStatement } from "../domain/key-policy.ts"
import type { KeyRef } from "./commands.ts"

/** A request in AWS's words, for keys' policies. */
export interface Told {
  /** In lower case. */
  readonly action: string
  readonly encryptionContext: Readonly<Record<string, string>>
  /** Of condition keys, which are in lower case. */
  readonly values: Readonly<Record<string, readonly string[]>>
  /** Of condition keys that end in a name of the request's, by how they begin. */
  readonly pairs?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** A key's policy as it is put: principals by their accounts and names. */
export interface PolicyDraft {
  readonly text: string
  readonly statements: readonly (Omit<PolicyStatement, "principals"> & {
    readonly principals: readonly DraftPrincipal[]
  })[]
}
export type DraftPrincipal = { readonly kind: "any" } | NamedByArn

/** A principal as a request names him. */
export interface DraftParty {
  readonly arn: string
  readonly principal: Exclude<DraftPrincipal, { kind: "any" }>
}

/** A grant that is to be made; names of operations are AWS's. */
export interface GrantDraft {
  readonly name: string | undefined
  readonly grantee: DraftParty
  readonly retiring: DraftParty | undefined
  readonly operations: readonly string[]
  /** What the encryption context has to be, or to hold; one of the two at most. */
  readonly equals: Readonly<Record<string, string>> | undefined
  readonly subset: Readonly<Record<string, string>> | undefined
  readonly sourceArn: string | undefined
}

export interface NewKeyPolicy {
  readonly policy: PolicyDraft
  /** Also when its sender could not put another one then. */
  readonly bypass: boolean
}

/** What a key gets that is made in AWS's dialect; its name is then its id there. */
export interface NewKmsKey {
  /** The label of the region that it is made in. */
  readonly region: string
  readonly policy?: NewKeyPolicy | undefined
  /** True: it founds a family, and can be replicated into other regions. */
  readonly multiRegion?: boolean | undefined
}

/** Another member for a key's family; what is not said here is as with a new key, or shared. */
export interface ReplicateKeyCommand {
  readonly key: KeyRef
  readonly region: string
  readonly policy?: NewKeyPolicy | undefined
  readonly description?: string | undefined
  readonly tags?: KeyRecord["tags"] | undefined
}

/** What material comes with into a key that waits for it, or has it. */
export interface ImportMaterialCommand {
  readonly key: KeyRef
  /** From the call that gave the public key under which the material is wrapped. */
  readonly token: Uint8Array
  readonly wrapped: Uint8Array
  /** When it is erased here; absent: never. In the future, at most limits.importedMaterialMaxMs. */
  readonly validTo?: Instant | undefined
  /** Bytes that the key has never had, or had; absent: new for a key that never had any. */
  readonly importType?: "new" | "existing" | undefined
  /** Which material it has to be; not of new one. */
  readonly materialId?: string | undefined
  /** What its owner calls it; absent: as before. */
  readonly description?: string | undefined
}
/** A key, and which of its material came or went; undefined: it never had any. */
export interface MaterialChange<Id = string> {
  readonly key: KeyRecord
  readonly materialId: Id
}
export interface ImportParameters {
  readonly keyId: KeyId
  readonly token: Uint8Array
  /** SPKI DER. */
  readonly publicKey: Uint8Array
  readonly validTo: Instant
}
