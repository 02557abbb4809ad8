/**
 * The binary call: one connection, any number of calls at once. For many small operations it is
 * several times as fast as a request each; docs/formats/frame.md.
 */

import { connect, type TLSSocket } from "node:tls"
import type { Connection } from "./environment.ts"
import { KeyholdError } from "./errors.ts"
import {
  encodeFrame,
  FrameReader,
  type AnswerFrame,
  type Fields,
  type FieldValue,
  type Tag,
} from "./frame.ts"

const protocol = "keyhold/1"
const kinds = {
  hello: 0,
  encrypt: 1,
  decrypt: 2,
  sign: 4,
  verify: 5,
  mac: 6,
  verifyMac: 7,
  generateDataKey: 8,
  random: 9,
  request: 255,
} as const

type Bytes = Uint8Array

interface SigningOptions {
  readonly mechanism?: string | undefined
  readonly messageType?: "message" | "digest" | undefined
  readonly encoding?: "der" | "raw" | undefined
  readonly context?: Bytes | undefined
}

/** A connection of its own; {@link Pipeline.close} ends it. */
export class Pipeline {
  readonly #socket: TLSSocket
  readonly #reader = new FrameReader()
  readonly #waiting = new Map<number, PromiseWithResolvers<Fields>>()
  #lastNumber = 0
  #lost: KeyholdError | undefined
  /** Frames of this turn: they leave together. */
  #outgoing: Buffer[] = []

  private constructor(socket: TLSSocket) {
    this.#socket = socket
    socket.on("data", (chunk: Buffer) => this.#receive(chunk))
    socket.on("error", (error) => this.#end(error.message))
    socket.on("close", () => this.#end("the node has closed the connection"))
  }

  /**
   * Opens a connection and says who is calling.
   *
   * @param connection - as `findConnection` finds it.
   * @throws {@link KeyholdError} UNREACHABLE, or the node's refusal.
   */
  static async connect(connection: Connection): Promise<Pipeline> {
    const { hostname, port } = new URL(connection.url)
    const socket = connect({
      host: hostname,
      port: Number(port === "" ? 443 : port),
      servername: hostname,
      ALPNProtocols: [protocol],
      minVersion: "TLSv1.3",
      ...(connection.ca === undefined ? {} : { ca: connection.ca }),
      ...connection.clientCertificate,
    })
    socket.setNoDelay(true)
    await new Promise<void>((resolve, reject) => {
      socket.once("secureConnect", resolve)
      socket.once("error", (error) => reject(new KeyholdError("UNREACHABLE", error.message)))
    })
    if (socket.alpnProtocol !== protocol) {
      socket.destroy()
      throw new KeyholdError("UNREACHABLE", "the node does not speak the binary call")
    }
    const pipeline = new Pipeline(socket)
    await pipeline.call(kinds.hello, { bearer: tokenOf(connection) })
    return pipeline
  }

  /** Encrypts under a key's current version; answers Keyhold's own format. */
  async encrypt(
    key: string,
    plaintext: Bytes,
    { aad, mechanism }: { readonly aad?: Bytes; readonly mechanism?: string } = {},
  ): Promise<Bytes> {
    const { ciphertext } = await this.call(kinds.encrypt, { key, plaintext, aad, mechanism })
    return field(ciphertext)
  }

  /** Decrypts what {@link Pipeline.encrypt} made; the ciphertext names its key. */
  async decrypt(ciphertext: Bytes, { aad }: { readonly aad?: Bytes } = {}): Promise<Bytes> {
    return field((await this.call(kinds.decrypt, { ciphertext, aad })).plaintext)
  }

  async sign(key: string, message: Bytes, options: SigningOptions = {}): Promise<Bytes> {
    return field((await this.call(kinds.sign, { key, message, ...options })).signature)
  }

  async verify(
    key: string,
    message: Bytes,
    signature: Bytes,
    options: SigningOptions = {},
  ): Promise<boolean> {
    const asked = { key, message, signature, ...options }
    return field((await this.call(kinds.verify, asked)).flag)[0] === 1
  }

  async mac(key: string, message: Bytes, mechanism?: string): Promise<Bytes> {
    return field((await this.call(kinds.mac, { key, message, mechanism })).signature)
  }

  async verifyMac(key: string, message: Bytes, mac: Bytes, mechanism?: string): Promise<boolean> {
    const asked = { key, message, signature: mac, mechanism }
    return field((await this.call(kinds.verifyMac, asked)).flag)[0] === 1
  }

  async generateDataKey(
    key: string,
    length?: number,
  ): Promise<{ readonly ciphertext: Bytes; readonly plaintext: Bytes }> {
    const { ciphertext, plaintext } = await this.call(kinds.generateDataKey, { key, length })
    return { ciphertext: field(ciphertext), plaintext: field(plaintext) }
  }

  async random(length: number): Promise<Bytes> {
    return field((await this.call(kinds.random, { length })).plaintext)
  }

  /**
   * Any operation of the API, wrapping and unwrapping among them.
   *
   * @param path - from `/api/v1` on, with its query.
   */
  async request(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const answer = await this.call(kinds.request, { method, path, body: text })
    const said = answer.body?.toString("utf8") ?? ""
    return {
      status: field(answer.status).readUInt32BE(0),
      body: said === "" ? undefined : (JSON.parse(said) as unknown),
    }
  }

  /** One call by its number; what the others come down to, and newer calls than this package. */
  call(kind: number, fields: Partial<Record<Tag, FieldValue>>): Promise<Fields> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    this.#lastNumber = (this.#lastNumber + 1) >>> 0
    const waiting = Promise.withResolvers<Fields>()
    this.#waiting.set(this.#lastNumber, waiting)
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#flush())
    this.#outgoing.push(encodeFrame(this.#lastNumber, kind, fields))
    return waiting.promise
  }

  /** Ends the connection; calls without an answer are rejected with ABORTED. */
  close(): void {
    this.#socket.destroy()
    this.#end("the pipeline was closed", "ABORTED")
  }

  #flush(): void {
    const frames = this.#outgoing
    this.#outgoing = []
    this.#socket.write(Buffer.concat(frames))
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#reader.push(chunk)) {
      const waiting = this.#waiting.get(frame.number)
      this.#waiting.delete(frame.number)
      if (frame.kind === 0) waiting?.resolve(frame.fields)
      else waiting?.reject(errorOf(frame))
    }
  }

  #end(why: string, code = "UNREACHABLE"): void {
    this.#lost ??= new KeyholdError(code, why)
    const lost = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const one of lost) one.reject(this.#lost)
  }
}

function tokenOf({ token }: Connection): string | undefined {
  return typeof token === "function" ? token(["encrypt"]) : token
}

function errorOf({ fields }: AnswerFrame): KeyholdError {
  const text = (name: Tag): string | undefined => fields[name]?.toString("utf8")
  return new KeyholdError(text("code") ?? "INVALID_RESPONSE", text("detail") ?? "refused", {
    field: text("field"),
    rule: text("rule"),
    retryAfterSeconds: fields.retryAfter?.readUInt32BE(0),
  })
}

function field(value: Buffer | undefined): Buffer {
  if (value === undefined) throw new KeyholdError("INVALID_RESPONSE", "a field is missing")
  return value
}
