/** Requests as bytes, and as much of HTTP/1.1 as it takes to count their answers. */

/** What a request consists of; the host is filled in when it is sent. */
export interface RequestParts {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Stands in a body where each request has to differ; a number of the same width replaces it. */
export const counterMark = "@@@@@@@@@@"

/** The bytes of a request. */
export function requestBytes(host: string, { method, path, headers, body }: RequestParts): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head =
    `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(body)}\r\n${lines.join("")}\r\n`
  return Buffer.from(head + body)
}

/** Where the marks begin in a request. */
export function counterOffsets(request: Buffer): number[] {
  const offsets: number[] = []
  for (let at = request.indexOf(counterMark); at >= 0;) {
    offsets.push(at)
    at = request.indexOf(counterMark, at + counterMark.length)
  }
  return offsets
}

const headEnd = Buffer.from("\r\n\r\n")
const success = Buffer.from("HTTP/1.1 20")
/** What every error has, alone or as an item of a batch, and no result of the operations here. */
const errorMark = Buffer.from('"code":')

/**
 * Follows the answers on one connection, each with a Content-Length. Throws when one is an error,
 * alone or inside a batch, or is not understood.
 */
export class AnswerReader {
  #pending: Buffer | undefined

  /** Takes bytes in; true when they complete the answer. */
  push(chunk: Buffer): boolean {
    const bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk])
    this.#pending = bytes
    const bodyAt = bytes.indexOf(headEnd) + headEnd.length
    if (bodyAt < headEnd.length) return false
    const end = bodyAt + contentLength(bytes, bodyAt)
    if (bytes.length < end) return false
    if (bytes.length > end) throw new Error("an answer is longer than it says")
    if (!bytes.subarray(0, success.length).equals(success) || bytes.includes(errorMark, bodyAt)) {
      throw new Error(`an answer is an error: ${bytes.toString("latin1")}`)
    }
    this.#pending = undefined
    return true
  }
}

function contentLength(bytes: Buffer, bodyAt: number): number {
  const head = bytes.toString("latin1", 0, bodyAt)
  const [, digits] = /\r\ncontent-length: (\d+)\r\n/i.exec(head) ?? []
  if (digits === undefined) throw new Error(`an answer has no length: ${head}`)
  return Number(digits)
}
