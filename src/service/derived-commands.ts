/** What faces ask of seeds, and what they get back. */

import type { KeyUsage } from "../domain/algorithms.ts"
import type { ChainId, ChainNetwork } from "../domain/chains.ts"
import type { KeyId } from "../domain/ids.ts"
import type { Idempotent, KeyRef, PublicKeyResult } from "./commands.ts"

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
export interface DeriveChildCommand extends Idempotent {
  readonly key: KeyRef
  readonly path: string
  /** Of the key that is made. */
  readonly name: string
  readonly usages?: readonly KeyUsage[] | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  readonly description?: string | undefined
}
