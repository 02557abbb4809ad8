/** What a client of the node knows: what was acknowledged to it, and what it never heard about. */

import type { Fields, RestClient, Send } from "../support/rest-client.ts"

/** A key that one worker made and that nobody else touches. */
export interface KnownKey {
  readonly id: string
  readonly name: string
  /** Versions acknowledged. */
  versions: number
  deleted: boolean
  /** The last few ciphertexts of it that were acknowledged, with what they hold. */
  readonly ciphertexts: { readonly plaintext: string; readonly ciphertext: string }[]
}

/** A call without an answer. It is made again after the restart, with the same idempotency key. */
export interface Lost {
  readonly again: (client: RestClient) => Promise<void>
}

export class Ledger {
  readonly keys: KnownKey[] = []
  readonly principals: { readonly id: string; readonly name: string }[] = []
  readonly lost: Lost[] = []
  /** Request ids of everything that was acknowledged, by what the log calls it. */
  readonly requests: { readonly id: string; readonly act: string }[] = []
  /** Keys and principals that have not been looked at since a kill. */
  readonly fresh = new Set<KnownKey>()
}

/** A call whose answer is wanted: what the log calls it, how it is sent. */
export interface Call extends Send {
  readonly act: string
  readonly method: string
  readonly path: string
  readonly token: string | undefined
}

/**
 * Makes a call and notes its request id.
 *
 * @throws when no answer comes; an answer that refuses fails the test.
 */
export async function ask(ledger: Ledger, client: RestClient, call: Call): Promise<Fields> {
  const { act, method, path, ...rest } = call
  const answer = await client.send(method, `/api/v1${path}`, rest)
  if (answer.status > 299) throw new Refused(`${method} ${path}: ${answer.status} ${answer.text}`)
  ledger.requests.push({ id: String(answer.headers["x-request-id"]), act })
  // Every answer that these tests ask for is an object.
  return JSON.parse(answer.text) as Fields
}

/** The node said no where it had no reason to. */
export class Refused extends Error {}
