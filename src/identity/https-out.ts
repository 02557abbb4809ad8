/**
 * The node's own calls to addresses that a tenant's officer names. This must not become his way
 * into the node's own network neighbourhood (CWE-918): HTTPS alone, with a certificate that holds,
 * no redirects, never an address of the refused ranges, whatever a name resolves to; the address
 * that was looked at is the one that is connected to; and of an answer nothing is ever shown.
 */

import { lookup } from "node:dns"
import { request } from "node:https"
import { isIP, type LookupFunction } from "node:net"
import { isAdmitted, parseAddress } from "./address.ts"

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

/** Not of the internet either, or a way into IPv4: RFC 6890, RFC 6598, RFC 4193, RFC 6052. */
export const privateRanges: readonly string[] = [
  "10.0.0.0/8",
  "100.64.0.0/10",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "240.0.0.0/4",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "2002::/16",
  "fc00::/7",
]

/** True for an address that the node may call: HTTPS, without user name or fragment. */
export function isHttpsUri(text: string): boolean {
  const url = URL.parse(text)
  return url?.protocol === "https:" && url.username === "" && url.password === "" && url.hash === ""
}

export interface HttpsOutOptions {
  /** PEM of authorities to trust instead of Node's own list. */
  readonly ca?: string | readonly string[] | undefined
  /** Ranges never connected to. */
  readonly refused: readonly string[]
}

export interface Outgoing {
  readonly method: "GET" | "POST"
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** Of the whole exchange, not of silence. */
  readonly timeoutMs: number
  /** Longer answers are given up. */
  readonly answerBytesMax: number
}

export interface Answered {
  readonly status: number
  readonly body: Uint8Array
}

/** One exchange; undefined when there was none, for whatever reason: nobody learns which. */
export type HttpsOut = (uri: string, outgoing: Outgoing) => Promise<Answered | undefined>

/** Makes the one way out. */
export function createHttpsOut({ ca, refused }: HttpsOutOptions): HttpsOut {
  const mayConnect = (text: string): boolean => {
    const address = parseAddress(text)
    return address !== undefined && (refused.length === 0 || !isAdmitted(refused, address))
  }
  const guarded = guardLookup(mayConnect)
  const trusted = typeof ca === "string" ? [ca] : ca
  const connecting = {
    lookup: guarded,
    agent: false,
    ...(trusted === undefined ? {} : { ca: [...trusted] }),
  } as const
  return async (uri, outgoing) => {
    if (!isHttpsUri(uri)) return undefined
    const url = new URL(uri)
    // An address that stands in the URL itself is connected to without any look-up.
    const literal = url.hostname.replace(/^\[(.*)\]$/, "$1")
    if (isIP(literal) !== 0 && !mayConnect(literal)) return undefined
    return await exchange(url, connecting, outgoing).catch(() => undefined)
  }
}

/** The system's look-up, without the addresses that must not be connected to. */
function guardLookup(mayConnect: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = error === null ? found.filter(({ address }) => mayConnect(address)) : []
      const [first] = addresses
      if (first === undefined) callback(error ?? new Error("no address to connect to"), "")
      else if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

function exchange(
  url: URL,
  connecting: { readonly lookup: LookupFunction; readonly agent: false; readonly ca?: string[] },
  { method, headers, body, timeoutMs, answerBytesMax }: Outgoing,
): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>()
  const signal = AbortSignal.timeout(timeoutMs)
  const options = { ...connecting, method, headers, signal }
  const outgoing = request(url, options, (response) => {
    const chunks: Buffer[] = []
    let length = 0
    response.on("data", (chunk: Buffer) => {
      length += chunk.length
      if (length > answerBytesMax) outgoing.destroy(new Error("the answer is too long"))
      else chunks.push(chunk)
    })
    response.on("error", reject)
    response.on("end", () => {
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) })
    })
  })
  outgoing.on("error", reject)
  outgoing.end(body)
  return promise
}
