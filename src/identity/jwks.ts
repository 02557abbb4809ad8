/**
 * Issuers' key sets (RFC 7517): checked, kept ready to verify with, fetched anew when they age.
 *
 * A fetched set is fresh for limits.jwksFreshMs. When the issuer does not answer, the last set
 * serves on until limits.jwksStaleMs, so that its outage is not ours. A token that names an unknown
 * key leads to one fetch per limits.jwksCooldownMs at most, whoever sends it.
 */

import { createLocalJWKSet, type LocalJWKSet } from "jose"
import type { Instant } from "../domain/ids.ts"
import type { IssuerRecord, JwkSet } from "../domain/issuer.ts"
import { limits } from "../domain/limits.ts"
import { BoundedMap } from "../records/bounded-map.ts"
import type { JwksFetcher } from "./ports.ts"

/** Members that only private and secret keys have: RFC 7518 sections 6.2.2, 6.3.2, 6.4.1. */
const secretMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] as const

/** Reads a JWKS document; undefined when it is none, is too large, or holds a secret. */
export function parseJwks(document: unknown): JwkSet | undefined {
  if (!isObject(document) || !Array.isArray(document["keys"])) return undefined
  const keys: readonly unknown[] = document["keys"]
  if (keys.length === 0 || keys.length > limits.jwksKeysMax) return undefined
  if (!keys.every(isPublicJwk)) return undefined
  return JSON.stringify(keys).length <= limits.jwksBytesMax ? { keys } : undefined
}

function isPublicJwk(key: unknown): key is Readonly<Record<string, unknown>> {
  if (!isObject(key) || typeof key["kty"] !== "string") return false
  return !secretMembers.some((member) => Object.hasOwn(key, member))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** Picks the key for a token's header; the same object until the set's content changes. */
export type KeySet = LocalJWKSet

export interface KeySets {
  /** The issuer's keys, fetched when they are not fresh; undefined when none can be had. */
  current(issuer: IssuerRecord, now: Instant): Promise<KeySet | undefined>
  /** The keys after a token named one that they lacked: fetched again unless that was just done. */
  renewed(issuer: IssuerRecord, now: Instant): Promise<KeySet | undefined>
}

interface Entry {
  readonly revision: number
  keys?: KeySet
  /** What `keys` was made of. */
  text?: string
  fetchedAt?: Instant
  triedAt?: Instant
  pending?: Promise<void> | undefined
}

/** Keeps the key sets of limits.keySetsMax issuers; the oldest is forgotten first. */
export function createKeySets(fetcher: JwksFetcher): KeySets {
  const entries = new BoundedMap<string, Entry>(limits.keySetsMax)

  function entryOf(issuer: IssuerRecord): Entry {
    const known = entries.get(issuer.id)
    if (known?.revision === issuer.revision) return known
    const entry: Entry = { revision: issuer.revision }
    if (issuer.jwks !== undefined) adopt(entry, issuer.jwks)
    entries.delete(issuer.id)
    entries.set(issuer.id, entry)
    return entry
  }

  /** Fetches unless it was tried within the cooldown; all who wait share one fetch. */
  async function refresh(entry: Entry, uri: string, now: Instant): Promise<void> {
    const cooling = now - (entry.triedAt ?? -Infinity) < limits.jwksCooldownMs
    if (entry.pending === undefined && !cooling) {
      entry.triedAt = now
      entry.pending = fetchInto(entry, uri, now).finally(() => {
        entry.pending = undefined
      })
    }
    await entry.pending
  }

  async function fetchInto(entry: Entry, uri: string, now: Instant): Promise<void> {
    const set = parseJwks(await fetcher.fetch(uri))
    if (set === undefined) return
    adopt(entry, set)
    entry.fetchedAt = now
  }

  async function current(issuer: IssuerRecord, now: Instant): Promise<KeySet | undefined> {
    const entry = entryOf(issuer)
    if (issuer.jwksUri === undefined) return entry.keys
    if (ageOf(entry, now) >= limits.jwksFreshMs) await refresh(entry, issuer.jwksUri, now)
    return ageOf(entry, now) < limits.jwksStaleMs ? entry.keys : undefined
  }

  async function renewed(issuer: IssuerRecord, now: Instant): Promise<KeySet | undefined> {
    const entry = entryOf(issuer)
    if (issuer.jwksUri !== undefined) await refresh(entry, issuer.jwksUri, now)
    return entry.keys
  }

  return { current, renewed }
}

function ageOf({ fetchedAt }: Entry, now: Instant): number {
  return now - (fetchedAt ?? -Infinity)
}

/** Keeps the old object when nothing changed: what was verified with it stays verified. */
function adopt(entry: Entry, set: JwkSet): void {
  const text = JSON.stringify(set.keys)
  if (text === entry.text) return
  entry.text = text
  entry.keys = createLocalJWKSet({ keys: set.keys.map((key) => ({ ...key })) })
}
