/**
 * AWS Signature Version 4, the side that is text: what an Authorization header claims, and the
 * string that its signature is over. Pure: whoever verifies brings the key.
 *
 * Any set of signed headers is accepted, since each client has its own; which of them have to be
 * there is for the caller to say.
 */

import { createHash } from "node:crypto"

import { CodecError } from "./error.ts"

/** A request as it was sent. */
export interface SignedRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** What follows the question mark; empty when nothing does. */
  readonly query: string
  /** A header's value by its name in lower case. */
  readonly header: (name: string) => string | undefined
  readonly body: Uint8Array
}

/** What the signing key is derived for. */
export interface SigningScope {
  /** Of the request in UTC, `20261123`. */
  readonly date: string
  readonly region: string
  readonly service: string
}

/** What an Authorization header says. */
export interface SignatureClaim extends SigningScope {
  readonly accessKeyId: string
  /** In lower case, sorted, each of them once. */
  readonly signedHeaders: readonly string[]
  /** 32 bytes. */
  readonly signature: Uint8Array
}

const algorithm = "AWS4-HMAC-SHA256"
const terminator = "aws4_request"
const claimPattern = new RegExp(
  `^${algorithm} +` +
    String.raw`Credential=(?<accessKeyId>\w{16,128})/(?<date>\d{8})/(?<region>[a-z0-9-]{1,64})/` +
    String.raw`(?<service>[a-z0-9-]{1,64})/${terminator}, *` +
    String.raw`SignedHeaders=(?<headers>[a-z0-9-]+(?:;[a-z0-9-]+)*), *` +
    String.raw`Signature=(?<signature>[0-9a-f]{64})$`,
)

/**
 * Reads an Authorization header.
 *
 * @throws {@link CodecError} when it is not of this scheme, or its headers are not sorted.
 */
export function parseSignatureClaim(text: string): SignatureClaim {
  const { accessKeyId, date, region, service, headers, signature } =
    claimPattern.exec(text)?.groups ?? {}
  if (accessKeyId === undefined || date === undefined || region === undefined) throw malformed()
  if (service === undefined || headers === undefined || signature === undefined) throw malformed()
  const signedHeaders = headers.split(";")
  if (signedHeaders.some((name, at) => at > 0 && name <= (signedHeaders[at - 1] ?? ""))) {
    throw malformed()
  }
  const bytes = Uint8Array.fromHex(signature)
  return { accessKeyId, date, region, service, signedHeaders, signature: bytes }
}

function malformed(): CodecError {
  return new CodecError("/authorization", `is no ${algorithm} authorization`)
}

const datePattern = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/

/**
 * The time of an X-Amz-Date header, `20261123T142305Z`, in milliseconds since 1970.
 *
 * @throws {@link CodecError} for another form, and for a time that no calendar has.
 */
export function parseAmzDate(text: string): number {
  const iso = text.replace(datePattern, "$1-$2-$3T$4:$5:$6.000Z")
  const at = iso === text ? Number.NaN : Date.parse(iso)
  if (Number.isNaN(at) || new Date(at).toISOString() !== iso) {
    throw new CodecError("/x-amz-date", "is no time of the form YYYYMMDD'T'HHMMSS'Z'")
  }
  return at
}

/**
 * The text that the signature is over.
 *
 * @param amzDate - the X-Amz-Date header.
 * @throws {@link CodecError} when a signed header is missing, or the query is not percent-encoded.
 */
export function stringToSign(
  request: SignedRequest,
  { date, region, service, signedHeaders }: SignatureClaim,
  amzDate: string,
): string {
  const canonical = canonicalRequest(request, signedHeaders)
  const scope = `${date}/${region}/${service}/${terminator}`
  return `${algorithm}\n${amzDate}\n${scope}\n${sha256(canonical)}`
}

/** What is hashed under the signing key's chain, in order: the secret itself begins with AWS4. */
export function signingKeySteps({ date, region, service }: SigningScope): readonly string[] {
  return [date, region, service, terminator]
}

/** The body is hashed as it came: a header that claims its hash is not believed. */
function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  const { method, path, query, header, body } = request
  const headers = signedHeaders.map((name) => {
    const value = header(name)
    if (value === undefined) throw new CodecError(`/${name}`, "is signed and not there")
    return `${name}:${value.trim().replaceAll(/ +/g, " ")}\n`
  })
  const names = signedHeaders.join(";")
  const parts = [method, canonicalPath(path), canonicalQuery(query), headers.join("")]
  return [...parts, names, sha256(body)].join("\n")
}

/** Dot segments go, then what was sent is percent-encoded once more: so does every signer. */
function canonicalPath(path: string): string {
  const kept: string[] = []
  for (const segment of path.split("/")) {
    if (segment === "" || segment === ".") continue
    if (segment === "..") kept.pop()
    else kept.push(percentEncode(segment))
  }
  const tail = kept.length > 0 && path.endsWith("/") ? "/" : ""
  return `/${kept.join("/")}${tail}`
}

function canonicalQuery(query: string): string {
  if (query === "") return ""
  const pairs = query.split("&").map((pair): readonly [string, string] => {
    const [name = "", ...rest] = pair.split("=")
    return [recode(name), recode(rest.join("="))]
  })
  const sorted = pairs.toSorted(([a, x], [b, y]) => compare(a, b) || compare(x, y))
  return sorted.map(([name, value]) => `${name}=${value}`).join("&")
}

function recode(text: string): string {
  try {
    return percentEncode(decodeURIComponent(text))
  } catch {
    throw new CodecError("/query", "is not percent-encoded")
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right)
}

/** RFC 3986 section 2.3: everything but the unreserved characters. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex")
}
