/** Asking the gates. A gate that fails is a refusal in words; what failed is in the log, not at the encoder. */
import type { Logger } from '../kernel/logger.ts'
import type { PlayGate } from './play-gate.ts'
import type { PublishDecision, PublishGate, PublishRequest } from './publish-gate.ts'

/** Never rejects. */
export async function askToPublish(
  gate: PublishGate,
  request: PublishRequest,
  logger: Logger,
): Promise<PublishDecision> {
  try {
    return await gate.admit(request)
  } catch (error) {
    logger.error({ err: error }, 'publish gate failed')
    return {
      admitted: false,
      reason: 'The server could not check the stream key. Try again in a moment.',
    }
  }
}

/** Never rejects. */
export async function askToPlay(
  gate: PlayGate,
  streamName: string,
  remoteAddress: string,
  logger: Logger,
): Promise<boolean> {
  try {
    return await gate.mayPlay(streamName, remoteAddress)
  } catch (error) {
    logger.error({ err: error }, 'play gate failed')
    return false
  }
}
