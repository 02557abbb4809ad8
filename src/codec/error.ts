/** The one error of the codecs: these bytes or this text are not in the format that they claim. */

/** Malformed input. Faces translate it to their dialect's MALFORMED_REQUEST. */
export class CodecError extends Error {
  override readonly name = "CodecError"
  /** The offending part, as a JSON pointer (RFC 6901) or a path of our own. */
  readonly field: string

  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}
