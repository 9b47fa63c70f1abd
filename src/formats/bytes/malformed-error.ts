/**
 * Bytes that can never become valid, however many more arrive: the sender's fault. The one class
 * that readers in formats/ throw; "not enough bytes yet" is a returned `undefined` instead.
 */
export class MalformedError extends Error {
  override readonly name = 'MalformedError'
}
