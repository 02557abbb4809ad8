/**
 * Identifiers of Keyhold's objects: opaque, made by the server, never reused.
 *
 * An id is 16 bytes written as 26 characters of Crockford's base32 in lower case, so it holds no
 * underscore (tokens use that as a separator) and cannot be mistaken for a name.
 */

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

export type ClusterId = Brand<string, "ClusterId">
export type PartitionId = Brand<string, "PartitionId">
export type KeyId = Brand<string, "KeyId">
export type PrincipalId = Brand<string, "PrincipalId">
export type CredentialId = Brand<string, "CredentialId">
export type RequestId = Brand<string, "RequestId">
export type StampBlockId = Brand<string, "StampBlockId">
export type NodeId = Brand<string, "NodeId">

/** Milliseconds since 1970-01-01T00:00:00Z, from the node's time service. */
export type Instant = Brand<number, "Instant">

/** 26 characters: 128 bits, the first of which carries only its top three. */
const idPattern = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/

/** True for the written form of any id. */
export function isId(text: string): boolean {
  return idPattern.test(text)
}

/** Brands a written id; undefined when `text` is not one. */
export function parseId<Id extends Brand<string, string>>(text: string): Id | undefined {
  // The only place where a plain string becomes an id: the pattern has just been checked.
  return isId(text) ? (text as Id) : undefined
}

/** The partition in which the cluster's own principals live; it never holds keys. */
export const clusterPartition = "0".repeat(26) as PartitionId

/** Marks a number as a point in time; for ports that make time and for parsers. */
export function instant(ms: number): Instant {
  return ms as Instant
}
