/**
 * Fetches issuers' key sets over HTTPS.
 *
 * The address comes from a tenant's officer, so this must not become his way into the node's own
 * network neighbourhood (CWE-918): HTTPS alone, no redirects, never a loopback or link-local
 * address (where metadata services live), whatever a name resolves to; and of the answer nothing
 * is ever shown. Private networks are allowed: that is where companies run their issuers.
 */

import { lookup } from "node:dns"
import { request } from "node:https"
import { isIP, type LookupFunction } from "node:net"
import { HsmError } from "../domain/errors.ts"
import { limits } from "../domain/limits.ts"
import { isAdmitted, parseAddress } from "./address.ts"
import { isJwksUri } from "./jwks.ts"
import type { JwksFetcher } from "./ports.ts"

/** Loopback, "this network", link-local, multicast: RFC 6890 and RFC 5771. */
export const localRanges: readonly string[] = [
  "0.0.0.0/8",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "224.0.0.0/4",
  "255.255.255.255",
  "::",
  "::1",
  "fe80::/10",
  "ff00::/8",
]

/**
 * Makes the fetcher: limits.jwksTimeoutMs and limits.jwksBytesMax bound every fetch.
 *
 * @param options - `ca`: PEM of authorities to trust instead of Node's own list. `refused`: ranges
 * never connected to; {@link localRanges} unless a development node says otherwise.
 */
export function createJwksFetcher(
  options: { readonly ca?: string; readonly refused?: readonly string[] } = {},
): JwksFetcher {
  const { ca, refused = localRanges } = options
  const mayConnect = (text: string): boolean => {
    const address = parseAddress(text)
    return address !== undefined && (refused.length === 0 || !isAdmitted(refused, address))
  }
  const guarded = guardLookup(mayConnect)

  async function fetch(uri: string): Promise<unknown> {
    if (!isJwksUri(uri)) return undefined
    const url = new URL(uri)
    // An address that stands in the URL itself is connected to without any look-up.
    const literal = url.hostname.replace(/^\[(.*)\]$/, "$1")
    if (isIP(literal) !== 0 && !mayConnect(literal)) return undefined
    try {
      return parse(await get(url, { lookup: guarded, ...(ca === undefined ? {} : { ca }) }))
    } catch {
      return undefined
    }
  }

  return { fetch }
}

/** The system's look-up, without the addresses that must not be connected to. */
function guardLookup(mayConnect: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = error === null ? found.filter(({ address }) => mayConnect(address)) : []
      const [first] = addresses
      if (first === undefined) callback(error ?? unusable("a usable address"), "")
      else if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

function unusable(missing: string): HsmError {
  return new HsmError("NOT_FOUND", `the key set's server has not given ${missing}`)
}

function parse(body: Uint8Array): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body))
}

/** One GET without redirects; rejects unless the answer is 200 and small enough, in time. */
function get(
  url: URL,
  options: { readonly lookup: LookupFunction; readonly ca?: string },
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const signal = AbortSignal.timeout(limits.jwksTimeoutMs) // Of the whole exchange, not of silence.
  const headers = { accept: "application/jwk-set+json, application/json" }
  const outgoing = request(url, { ...options, headers, signal, agent: false }, (response) => {
    const chunks: Buffer[] = []
    let length = 0
    if (response.statusCode !== 200) outgoing.destroy(unusable("status 200"))
    response.on("data", (chunk: Buffer) => {
      length += chunk.length
      if (length > limits.jwksBytesMax) outgoing.destroy(unusable("a small answer"))
      else chunks.push(chunk)
    })
    response.on("error", reject)
    response.on("end", () => resolve(Buffer.concat(chunks)))
  })
  outgoing.on("error", reject)
  outgoing.end()
  return promise
}
