/** Concurrent clients that make, rotate, delete and use keys until the node dies under them. */

import type { DevFile } from "../../src/daemon/dev.ts"
import { base64, type Fields, type RestClient } from "../support/rest-client.ts"
import { ask, Refused, type Call, type KnownKey, type Ledger } from "./ledger.ts"

const ciphertextsKept = 2

/** Numbers from 0 to 1 that a seed fixes: mulberry32. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** One client; it owns the keys that it makes, so that nothing but the kill can refuse it. */
export class Worker {
  readonly #ledger: Ledger
  readonly #random: () => number
  readonly #name: string
  readonly #own: KnownKey[] = []
  #calls = 0

  constructor(ledger: Ledger, name: string, random: () => number) {
    this.#ledger = ledger
    this.#random = random
    this.#name = name
  }

  /** Works until the node is gone. */
  async run(client: RestClient, tokens: DevFile["tokens"]): Promise<void> {
    for (;;) {
      try {
        await this.#one(client, tokens)
      } catch (error) {
        if (error instanceof Refused) throw error
        return
      }
    }
  }

  async #one(client: RestClient, tokens: DevFile["tokens"]): Promise<void> {
    const lot = this.#random()
    const alive = this.#own.filter(({ deleted }) => !deleted)
    const key = alive[Math.floor(this.#random() * alive.length)]
    if (lot < 0.05) await this.#createSome(client, tokens.manager)
    else if (key === undefined || lot < 0.35) await this.#create(client, tokens.manager)
    else if (lot < 0.5) await this.#rotate(client, tokens.manager, key)
    else if (lot < 0.6) await this.#delete(client, tokens.manager, key)
    else if (lot < 0.68) await this.#createPrincipal(client, tokens.officer)
    else if (lot < 0.69) await this.#shred(client, tokens["cluster-officer"])
    else await this.#encrypt(client, tokens.user, key)
  }

  /** Makes a call; when no answer comes, remembers how to make it again. */
  async #call(client: RestClient, call: Call, done: (answer: Fields) => void): Promise<void> {
    const make = async (to: RestClient): Promise<void> => done(await ask(this.#ledger, to, call))
    try {
      await make(client)
    } catch (error) {
      if (!(error instanceof Refused)) this.#ledger.lost.push({ again: make })
      throw error
    }
  }

  #label(): string {
    return `${this.#name}-${this.#calls++}`
  }

  async #create(client: RestClient, token: string | undefined): Promise<void> {
    const name = this.#label()
    const headers = { "idempotency-key": name }
    const body = { name, algorithm: this.#random() < 0.9 ? "AES_256" : "EC_P256" }
    const call = { act: "key.create", method: "POST", path: "/keys", token, headers, body }
    await this.#call(client, call, ({ id }) => {
      const key = { id: String(id), name, versions: 1, deleted: false, ciphertexts: [] }
      this.#ledger.keys.push(key)
      this.#ledger.fresh.add(key)
      if (body.algorithm === "AES_256") this.#own.push(key)
    })
  }

  /** In a batch, which shares a commit and its records; made again, it finds what is there. */
  async #createSome(client: RestClient, token: string | undefined): Promise<void> {
    const names = Array.from({ length: 10 }, () => this.#label())
    const body = {
      operations: names.map((name) => ({ operation: "createKey", name, algorithm: "AES_256" })),
    }
    const make = async (to: RestClient): Promise<void> => {
      const call = { act: "key.create", method: "POST", path: "/batch", token, body }
      const { results } = await ask(this.#ledger, to, call)
      for (const [at, name] of names.entries()) {
        // openapi.yaml: BatchResponse.
        const { id, code } = (results as readonly Fields[])[at] ?? {}
        if (id === undefined && code !== "NAME_TAKEN") throw new Refused(`${name}: ${String(code)}`)
        const found = id ?? (await to.call(token, `GET /keys/${name}`))["id"]
        const key = { id: String(found), name, versions: 1, deleted: false, ciphertexts: [] }
        this.#ledger.keys.push(key)
        this.#ledger.fresh.add(key)
        this.#own.push(key)
      }
    }
    try {
      await make(client)
    } catch (error) {
      if (!(error instanceof Refused)) this.#ledger.lost.push({ again: make })
      throw error
    }
  }

  async #rotate(client: RestClient, token: string | undefined, key: KnownKey): Promise<void> {
    const headers = { "idempotency-key": this.#label() }
    const path = `/keys/${key.id}/rotate`
    const call = { act: "key.rotate", method: "POST", path, token, headers }
    const versions = key.versions + 1
    await this.#call(client, call, () => {
      key.versions = versions
      this.#ledger.fresh.add(key)
    })
  }

  async #delete(client: RestClient, token: string | undefined, key: KnownKey): Promise<void> {
    const path = `/keys/${key.id}?windowSeconds=0`
    const call = { act: "key.delete", method: "DELETE", path, token }
    const note = (): void => {
      key.deleted = true
      this.#ledger.fresh.add(key)
    }
    try {
      note()
      await ask(this.#ledger, client, call)
    } catch (error) {
      // Either outcome is right; it has no idempotency key, so the record tells which it was.
      if (!(error instanceof Refused)) this.#ledger.lost.push({ again: settleDeletion(key, token) })
      throw error
    }
  }

  async #createPrincipal(client: RestClient, token: string | undefined): Promise<void> {
    const name = this.#label()
    const headers = { "idempotency-key": name }
    const body = { name, roles: ["user"], credential: { kind: "token" } }
    const path = "/principals"
    const call = { act: "principal.create", method: "POST", path, token, headers, body }
    await this.#call(client, call, (answer) => {
      const { id } = answer["principal"] as Fields // openapi.yaml: PrincipalWithToken.
      this.#ledger.principals.push({ id: String(id), name })
    })
  }

  /** Old roots die under load: no key may die with them. */
  async #shred(client: RestClient, token: string | undefined): Promise<void> {
    await ask(this.#ledger, client, { act: "cluster.shred", method: "POST", path: "/shred", token })
  }

  async #encrypt(client: RestClient, token: string | undefined, key: KnownKey): Promise<void> {
    const plaintext = base64(this.#label())
    const path = `/keys/${key.id}/encrypt`
    const call = { act: "key.encrypt", method: "POST", path, token, body: { plaintext } }
    const { ciphertext } = await ask(this.#ledger, client, call)
    key.ciphertexts.push({ plaintext, ciphertext: String(ciphertext) })
    key.ciphertexts.splice(0, key.ciphertexts.length - ciphertextsKept)
    this.#ledger.fresh.add(key)
  }
}

/** Reads what became of a deletion without an answer. */
function settleDeletion(key: KnownKey, token: string | undefined) {
  return async (client: RestClient): Promise<void> => {
    const { state } = await client.call(token, `GET /keys/${key.id}`)
    key.deleted = state === "destroyed"
  }
}
