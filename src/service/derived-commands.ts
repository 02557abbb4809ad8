/** What faces ask of seeds, and what they get back. */

import type { ChainId, ChainNetwork } from "../domain/chains.ts"
import type { KeyId } from "../domain/ids.ts"
import type { Idempotent, KeyRef, KeyTemplate, PublicKeyResult } from "./commands.ts"

export interface DerivePublicCommand {
  readonly key: KeyRef
  readonly path: string
}
export interface AddressCommand {
  readonly key: KeyRef
  readonly chain: ChainId
  /** Of a seed, and of that alone. */
  readonly path?: string | undefined
  readonly network?: ChainNetwork | undefined
}
export interface AddressResult extends PublicKeyResult {
  readonly address: string
}
export interface ExtendedPublicCommand {
  readonly key: KeyRef
  readonly path: string
  readonly network?: ChainNetwork | undefined
}
export interface ExtendedPublicResult {
  readonly keyId: KeyId
  readonly version: number
  readonly extendedPublicKey: string
}
/** The template is that of the key that is made. */
export interface DeriveChildCommand
  extends
    Idempotent,
    Pick<
      KeyTemplate,
      "name" | "usages" | "modifiable" | "destroyable" | "copyable" | "tags" | "description"
    > {
  readonly key: KeyRef
  readonly path: string
}
