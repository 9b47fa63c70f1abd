/**
 * The server's half of the handshake.
 *
 *     client   C0 version:8   C1 time:32 version:32 random:1528                   C2 any 1536
 *     server   S0 version:8   S1 time:32 version:32 random:1528   S2 echo of C1
 *
 * Flash Player 9 and those that imitate it hide an HMAC-SHA256 of C1 in C1 and want S1 and S2 signed
 * likewise before they play H.264. Where that digest is found it is answered; else S2 echoes C1.
 * The digest lies at 12 + the sum of bytes 8..11 modulo 728, or, in the other scheme, at 776 + the
 * sum of bytes 772..775 modulo 728; the HMAC leaves its own 32 bytes out.
 * Spec: RTMP 1.0 (21 Dec 2012) §5.2. The digest is in no specification; ffmpeg and librtmp agree on it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export const RTMP_VERSION = 3
/** C1, C2, S1 and S2 have this many bytes each. */
export const HANDSHAKE_BYTES = 1536
const DIGEST_BYTES = 32
const DIGEST_BASES = [8, 772] as const
const SERVER_VERSION = [4, 5, 0, 1] as const

const SECRET = Buffer.from('f0eec24a8068bee82e00d0d1029e7e576eec5d2d29806fab93b8e636cfeb31ae', 'hex')
const PLAYER_KEY = Buffer.from('Genuine Adobe Flash Player 001')
const SERVER_KEY = Buffer.from('Genuine Adobe Flash Media Server 001')

/** S0, S1 and S2 for `c1`. `random`: 3072 unpredictable bytes, which are overwritten and become part of the answer. */
export function answerHandshake(c1: Uint8Array, random: Buffer): Buffer {
  const s1 = random.subarray(0, HANDSHAKE_BYTES)
  const s2 = random.subarray(HANDSHAKE_BYTES, 2 * HANDSHAKE_BYTES)
  s1.fill(0, 0, 8)
  const found = findDigest(c1)
  if (found) {
    s1.set(SERVER_VERSION, 4)
    sign(s1, digestOffset(s1, found.base), SERVER_KEY)
    const key = hmac(Buffer.concat([SERVER_KEY, SECRET]), found.digest)
    sign(s2, HANDSHAKE_BYTES - DIGEST_BYTES, key)
  } else {
    s2.set(c1)
  }
  return Buffer.concat([Buffer.of(RTMP_VERSION), s1, s2])
}

function findDigest(c1: Uint8Array): { base: number; digest: Buffer } | undefined {
  for (const base of DIGEST_BASES) {
    const at = digestOffset(c1, base)
    const digest = Buffer.from(c1.subarray(at, at + DIGEST_BYTES))
    if (timingSafeEqual(digest, hmacAround(c1, at, PLAYER_KEY))) return { base, digest }
  }
  return undefined
}

function digestOffset(bytes: Uint8Array, base: number): number {
  let sum = 0
  for (let i = base; i < base + 4; i += 1) sum += bytes[i] ?? 0
  return base + 4 + (sum % 728)
}

function sign(bytes: Buffer, at: number, key: Buffer): void {
  bytes.set(hmacAround(bytes, at, key), at)
}

function hmacAround(bytes: Uint8Array, at: number, key: Buffer): Buffer {
  return hmac(key, bytes.subarray(0, at), bytes.subarray(at + DIGEST_BYTES))
}

function hmac(key: Buffer, ...chunks: readonly Uint8Array[]): Buffer {
  const mac = createHmac('sha256', key)
  for (const chunk of chunks) mac.update(chunk)
  return mac.digest()
}
