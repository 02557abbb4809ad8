/**
 * Fetches issuers' key sets over HTTPS, as `https-out.ts` goes out. Private networks are allowed:
 * that is where companies run their issuers.
 */

import { limits } from "../domain/limits.ts"
import { createHttpsOut, localRanges, type HttpsOutOptions } from "./https-out.ts"
import type { JwksFetcher } from "./ports.ts"

/**
 * Makes the fetcher: limits.jwksTimeoutMs and limits.jwksBytesMax bound every fetch.
 *
 * @param options - `refused`: {@link localRanges} unless a development node says otherwise.
 */
export function createJwksFetcher({
  ca,
  refused = localRanges,
}: Partial<HttpsOutOptions> = {}): JwksFetcher {
  const out = createHttpsOut({ ca, refused })
  return {
    async fetch(uri) {
      const answered = await out(uri, {
        method: "GET",
        headers: { accept: "application/jwk-set+json, application/json" },
        timeoutMs: limits.jwksTimeoutMs,
        answerBytesMax: limits.jwksBytesMax,
      })
      return answered?.status === 200 ? parse(answered.body) : undefined
    },
  }
}

/** Undefined when it is no JSON. */
function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body))
  } catch {
    return undefined
  }
}
