/** Load in frames (docs/formats/frame.md): several calls at once on each connection. */

import type { TLSSocket } from "node:tls"

import { FrameWriter, readFrame, type FrameTag, type FrameValue } from "../src/codec/frame.ts"

/** One call, sent again and again. */
export interface FrameCall {
  readonly bearer: string
  readonly kind: number
  readonly fields: Partial<Record<FrameTag, FrameValue>>
  /** In turn, instead of one that all calls name. */
  readonly keys?: readonly string[]
  /** Calls of one connection that are under way. */
  readonly inFlight: number
}

const hello = 0

/** Keeps `inFlight` calls under way; throws on an answer that is an error. */
export function keepFramesBusy(
  socket: TLSSocket,
  call: FrameCall,
  onAnswer: (latencyMs: number) => void,
): void {
  const { keys } = call
  let asked = 0
  const fieldsOf = (): FrameCall["fields"] => {
    if (keys === undefined) return call.fields
    asked += 1
    return { ...call.fields, key: keys[asked % keys.length] }
  }
  const sentAt = new Float64Array(call.inFlight + 1)
  let pending: Buffer = Buffer.alloc(0)
  const send = (numbers: readonly number[]): void => {
    const out = new FrameWriter()
    for (const number of numbers) {
      out.add(number, call.kind, fieldsOf())
      sentAt[number] = performance.now()
    }
    socket.write(out.take())
  }
  socket.on("data", (chunk: Buffer) => {
    const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    const answered: number[] = []
    let at = 0
    for (;;) {
      const frame = readFrame(bytes, at)
      if (frame === undefined) break
      at = frame.end
      if (frame.kind !== 0) throw new Error(`an answer is ${String(frame.fields.code)}`)
      if (frame.number === 0) continue // The hello's.
      onAnswer(performance.now() - (sentAt[frame.number] ?? 0))
      answered.push(frame.number)
    }
    pending = bytes.subarray(at)
    if (answered.length > 0) send(answered)
  })
  const out = new FrameWriter()
  out.add(0, hello, { bearer: call.bearer })
  socket.write(out.take())
  send(Array.from({ length: call.inFlight }, (_, index) => index + 1))
}
