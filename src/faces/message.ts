/** A request and its answer between a front (HTTPS here, another one later) and a face. */

import type { HsmError } from "../domain/errors.ts"
import type { ClientCertificate } from "../identity/certificate.ts"

/** Where a request comes from, as the transport knows it. */
export interface Peer {
  readonly address: string
  /** Of the connection; its handshake has proven that the client holds the key. */
  readonly certificate?: ClientCertificate | undefined
  /** Its common name, where one of the configured authorities vouches for it. */
  readonly clientName?: string | undefined
}

/** A request as any front hands it to a face. */
export interface FaceRequest {
  readonly method: string
  /** Without the query, as it was sent. */
  readonly path: string
  /** What follows the question mark; empty when nothing does. */
  readonly query: string
  /** A header's value by its name in lower case. */
  readonly header: (name: string) => string | undefined
  /** All of them, names in lower case, for whoever passes the request on. */
  readonly headers?: (() => Iterable<readonly [name: string, value: string]>) | undefined
  /**
   * What was found out from the head alone, by who did: the same map again when a client repeats
   * its head byte for byte on a connection. Absent where nobody would notice.
   */
  readonly kept?: Map<object, object> | undefined
  /** At most limits.bodyBytesMax bytes; empty when there is none. */
  readonly body: Uint8Array
  /** Names this request in logs and answers. */
  readonly requestId: string
  readonly peer: Peer
}

/** What a front sends back. */
export interface FaceReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** A stream that throws has to cut the connection: its status is already out. */
  readonly body: string | Uint8Array | AsyncIterable<string>
  /** For metrics: the operation that answered, when there was one. */
  readonly operation?: string | undefined
}

/** Answers every request; errors are answers too. */
export type Face = (request: FaceRequest) => Promise<FaceReply> | FaceReply

/** What a front knows of a request before it reads the body. */
export type RequestHead = Pick<
  FaceRequest,
  "method" | "path" | "query" | "header" | "headers" | "kept"
>

/** A face as a front serves it, beside others on one port. */
export interface Dialect {
  /** True for the requests that are its own. */
  readonly owns: (head: RequestHead) => boolean
  readonly answer: Face
  /** Renders what the front refuses before it asks the face. */
  readonly refuse: (error: HsmError, requestId: string) => FaceReply
}

/** Asked in order; what none of them owns belongs to the last one. */
export type Dialects = readonly [...others: readonly Dialect[], rest: Dialect]

/** Whose request it is. */
export function dialectOf(dialects: Dialects, head: RequestHead): Dialect {
  return keep(head, dialects, () => {
    const [last] = dialects.slice(-1) as [Dialect] // There is always one: the type says so.
    return dialects.find(({ owns }) => owns(head)) ?? last
  })
}

/** What `find` finds in a head, or has found in the same head for the same `by`. */
export function keep<T extends object>(
  { kept }: Pick<RequestHead, "kept">,
  by: object,
  find: () => T,
): T {
  if (kept === undefined) return find()
  let found = kept.get(by)
  if (found === undefined) {
    found = find()
    kept.set(by, found)
  }
  return found as T // Whoever kept it for this `by` made a T.
}
