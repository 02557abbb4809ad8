/**
 * Requests that came in one turn of the event loop are worked on one behind the other, when all of
 * them have been read: policy, cryptography and the log then find their code and data in the
 * processor's caches, which the kernel's and OpenSSL's work between two reads pushes out.
 */

let end: Promise<void> | undefined

/** Resolves when this turn has read all that was there; of one turn, for all in one go. */
export function endOfReading(): Promise<void> {
  end ??= new Promise((resolve) => {
    setImmediate(() => {
      end = undefined
      resolve()
    })
  })
  return end
}
