/** Reads a request's body up to its bound, and not a byte more. */

import type { IncomingMessage } from "node:http"

import { HsmError } from "../../domain/errors.ts"
import { limits } from "../../domain/limits.ts"

const nothing = new Uint8Array(0)

/** The refusal that the headers alone deserve, if any. */
export function refuseEarly({ headers }: IncomingMessage): HsmError | undefined {
  if (headers["content-encoding"] !== undefined && headers["content-encoding"] !== "identity") {
    return new HsmError("UNSUPPORTED_MEDIA_TYPE", "the body must not be compressed")
  }
  return Number(headers["content-length"] ?? 0) > limits.bodyBytesMax ? tooLarge() : undefined
}

/**
 * The whole body, or why it is refused; what remains of a refused one is left unread, so that its
 * connection has to be closed. Rejects when the client goes away.
 */
export async function readBody(request: IncomingMessage): Promise<Uint8Array | HsmError> {
  const { headers } = request
  const chunked = headers["transfer-encoding"] !== undefined
  if (!chunked && (headers["content-length"] ?? "0") === "0") return nothing
  const refusal = refuseEarly(request)
  if (refusal !== undefined) return refusal
  return await collect(request)
}

function collect(request: IncomingMessage): Promise<Uint8Array | HsmError> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on("data", (chunk: Buffer) => {
      length += chunk.length
      if (length <= limits.bodyBytesMax) chunks.push(chunk)
      else {
        request.pause()
        resolve(tooLarge())
      }
    })
    request.once("end", () =>
      resolve(chunks.length === 1 ? (chunks[0] ?? nothing) : Buffer.concat(chunks)),
    )
    request.once("error", reject)
    // Every request closes: an error with its stack is made for those alone that close too early.
    request.once("close", () => {
      if (!request.readableEnded) reject(new HsmError("INTERNAL", "the client went away"))
    })
  })
}

function tooLarge(): HsmError {
  return new HsmError("PAYLOAD_TOO_LARGE", `a body has at most ${limits.bodyBytesMax} bytes`)
}
