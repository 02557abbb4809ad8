/** Keys themselves, behind `kh.keys`. Each method is one operation of the API. */

import type {
  Address,
  AddressRequest,
  CreateKeyRequest,
  DerivationParameters,
  DeriveChildRequest,
  DeriveKeyRequest,
  ExportedKey,
  ExtendedPublicRequest,
  ImportKeyRequest,
  Key,
  KeyRulesRequest,
  LastUse,
  Operations,
  PublicKey,
  Receipt,
  UnwrapKeyRequest,
  UpdateKeyRequest,
} from "./api.generated.ts"
import { decodeBase64, encodeBase64 } from "./base64.ts"
import type { Keyhold } from "./keyhold.ts"

/** What a key that is made elsewhere comes as. */
export type ImportRequest = Omit<ImportKeyRequest, "material"> & { readonly material: Uint8Array }
/** What comes wrapped. */
export type UnwrapRequest = Omit<UnwrapKeyRequest, "wrapped"> & { readonly wrapped: Uint8Array }
/** What a derived key depends on. */
export type DerivationInput = {
  readonly [Name in keyof DerivationParameters]: DerivationParameters[Name] extends
    | number
    | undefined
    ? number | undefined
    : Uint8Array | undefined
}
export type DeriveRequest = Omit<DeriveKeyRequest, "parameters"> & {
  readonly parameters?: DerivationInput
}
/** What leaves, in bytes. */
export type Exported = Omit<ExportedKey, "material"> & { readonly material: Uint8Array }

/** Names a creating call, so that its repetition finds the first result. */
export interface Idempotent {
  readonly idempotencyKey?: string | undefined
}

/** Make, find, change and retire keys; `key` is a name or an id everywhere. */
export class Keys {
  readonly #client: Keyhold

  constructor(client: Keyhold) {
    this.#client = client
  }

  /** Generates a key inside the HSM. */
  create(request: CreateKeyRequest, params: Idempotent = {}): Promise<Key> {
    return this.#client.call("createKey", { params, body: request })
  }

  /** Brings a key in, where the partition allows it. */
  import(request: ImportRequest, params: Idempotent = {}): Promise<Key> {
    const body = { ...request, material: encodeBase64(request.material) }
    return this.#client.call("importKey", { params, body })
  }

  /** Every key that matches all of the filters. */
  list(filters: Operations["listKeys"]["params"] = {}): AsyncGenerator<Key, void, void> {
    return this.#client.list("listKeys", filters)
  }

  get(key: string): Promise<Key> {
    return this.#client.call("getKey", { params: { key } })
  }

  /** The public half of a pair. @param version - the current one when absent. */
  publicKey(key: string, version?: number): Promise<PublicKey> {
    return this.#client.call("getPublicKey", { params: { key, version } })
  }

  /** The public key at a path of a seed. */
  derivePublic(key: string, path: string): Promise<PublicKey> {
    return this.#client.call("derivePublic", { params: { key }, body: { path } })
  }

  /** A chain's address of a pair, or of the pair at `path` of a seed. */
  address(key: string, body: AddressRequest): Promise<Address> {
    return this.#client.call("deriveAddress", { params: { key }, body })
  }

  /** All public keys below a path of a seed, in one text: xpub, tpub or acct_xvk. */
  async extendedPublic(key: string, body: ExtendedPublicRequest): Promise<string> {
    const answer = await this.#client.call("deriveExtendedPublic", { params: { key }, body })
    return answer.extendedPublicKey
  }

  /** Makes the pair at a path of a seed a key of its own. */
  deriveChild(
    key: string,
    body: DeriveChildRequest,
    { idempotencyKey }: Idempotent = {},
  ): Promise<Key> {
    return this.#client.call("deriveChild", { params: { key, idempotencyKey }, body })
  }

  /** Changes what `changes` names; the rest stays. */
  update(key: string, changes: Partial<UpdateKeyRequest>): Promise<Key> {
    // Every field of the request may be absent.
    const body = changes as UpdateKeyRequest
    return this.#client.call("updateKey", { params: { key }, body })
  }

  /** Lets a key wrap others for export, or no longer. */
  trust(key: string, body: { readonly trusted: boolean }): Promise<Key> {
    return this.#client.call("trustKey", { params: { key }, body })
  }

  /** Moves the index of a key that counts its signatures. */
  fastForward(key: string, body: { readonly index: number }): Promise<Key> {
    return this.#client.call("fastForwardKey", { params: { key }, body })
  }

  /** Stops all use of a key with rules. */
  block(key: string): Promise<Key> {
    return this.#client.call("blockKey", { params: { key } })
  }

  unblock(key: string): Promise<Key> {
    return this.#client.call("unblockKey", { params: { key } })
  }

  /** Replaces the rules of a key that has some. */
  setRules(key: string, body: KeyRulesRequest): Promise<Key> {
    return this.#client.call("setKeyRules", { params: { key }, body })
  }

  /** Gives rules to a key that has none; by the partition's officers together. */
  protect(key: string, body: KeyRulesRequest): Promise<Key> {
    return this.#client.call("protectKey", { params: { key }, body })
  }

  enable(key: string): Promise<Key> {
    return this.#client.call("enableKey", { params: { key } })
  }

  disable(key: string): Promise<Key> {
    return this.#client.call("disableKey", { params: { key } })
  }

  /** Makes a new version; older ones keep decrypting and verifying. */
  rotate(key: string, { idempotencyKey }: Idempotent = {}): Promise<Key> {
    return this.#client.call("rotateKey", { params: { key, idempotencyKey } })
  }

  /** Makes a key unusable now. @param windowSeconds - until it is destroyed; 30 days if absent. */
  delete(key: string, { windowSeconds }: { readonly windowSeconds?: number } = {}): Promise<Key> {
    return this.#client.call("deleteKey", { params: { key, windowSeconds } })
  }

  cancelDeletion(key: string): Promise<Key> {
    return this.#client.call("cancelDeletion", { params: { key } })
  }

  /** Takes a key out of the partition's bin. */
  restore(key: string): Promise<Key> {
    return this.#client.call("restoreKey", { params: { key } })
  }

  /** Destroys a deleted key now. */
  purge(key: string): Promise<Key> {
    return this.#client.call("purgeKey", { params: { key } })
  }

  /** When a key was used last, for what and by whom. */
  lastUse(key: string): Promise<LastUse> {
    return this.#client.call("getLastUse", { params: { key } })
  }

  /** The signed proof of a destruction. @param key - its id: the name is free again. */
  receipt(key: string): Promise<Receipt> {
    return this.#client.call("getReceipt", { params: { key } })
  }

  /** Takes an extractable key's material out, where the partition allows it. */
  async export(key: string, body: Operations["exportKey"]["body"] = {}): Promise<Exported> {
    const exported = await this.#client.call("exportKey", { params: { key }, body })
    return { ...exported, material: decodeBase64(exported.material) }
  }

  /** Derives a new key from one that is there. */
  derive(
    key: string,
    { parameters = {}, ...request }: DeriveRequest,
    params: Idempotent = {},
  ): Promise<Key> {
    const body = { ...request, parameters: encoded(parameters) }
    return this.#client.call("deriveKey", { params: { key, ...params }, body })
  }

  /** Makes a key of what was wrapped under `unwrappingKey`. */
  unwrap(unwrappingKey: string, request: UnwrapRequest, params: Idempotent = {}): Promise<Key> {
    const body = { ...request, wrapped: encodeBase64(request.wrapped) }
    return this.#client.call("unwrapKey", { params: { key: unwrappingKey, ...params }, body })
  }
}

function encoded(parameters: DerivationInput): DerivationParameters {
  const texts = Object.entries(parameters).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? encodeBase64(value) : value,
  ])
  return Object.fromEntries(texts) as DerivationParameters // Each by its own name.
}
