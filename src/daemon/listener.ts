/** The main listener, as the configuration wants it. */

import { readFile } from "node:fs/promises"

import { HsmError } from "../domain/errors.ts"
import type { Dialects } from "../faces/message.ts"
import type { NodeConfig } from "./config.ts"
import { listen, type Listener, type Protocol } from "./http/server.ts"
import type { Log } from "./log.ts"
import type { Metrics } from "./metrics.ts"
import { freshId } from "./system.ts"

interface ListenerParts {
  readonly dialects: Dialects
  readonly metrics: Metrics
  readonly log: Log
  /** Beside HTTP, by ALPN. */
  readonly protocols: Readonly<Record<string, Protocol>>
  /** Of all processes that share the port; absent when there is one. */
  readonly ticketKeys?: Buffer
}

/** @throws HsmError CONFLICT when the address is not to be had. */
export async function openListener(
  config: NodeConfig,
  { dialects, metrics, log, protocols, ticketKeys }: ListenerParts,
): Promise<Listener> {
  const { host, port, tls } = config.listen
  const files = { cert: await readFile(tls.certificateFile), key: await readFile(tls.keyFile) }
  return await listen(
    {
      dialects,
      newRequestId: freshId,
      monotonicMs: () => performance.now(),
      onDone: (done) => metrics.observe(done),
      onBroken: (error, requestId) =>
        log.warn({
          event: "request.broken",
          requestId,
          detail: error instanceof Error ? error.name : "unknown",
        }),
    },
    {
      host,
      port,
      tls: files,
      clientCertificates: true,
      minVersion: tls.minVersion,
      protocols,
      ...(ticketKeys === undefined ? {} : { ticketKeys, shared: true }),
      ...(tls.clientCaFile === undefined ? {} : { clientCa: await readFile(tls.clientCaFile) }),
    },
  ).catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (code !== "EADDRINUSE" && code !== "EACCES" && code !== "EADDRNOTAVAIL") throw error
    const why = code === "EADDRINUSE" ? "is in use: choose another port" : "cannot be had"
    throw new HsmError("CONFLICT", `${host}:${port} ${why} (${code})`)
  })
}
