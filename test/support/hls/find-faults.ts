/**
 * What a presentation must keep to, rule by rule: RFC 8216, draft-pantos-hls-rfc8216bis, and the HLS
 * Authoring Specification for Apple Devices. Each rule finds its own faults and nothing else; a test breaks
 * every one of them (test/unit/hls-rules.test.ts).
 */
import { MEDIA_RULES } from './media-rules.ts'
import { MULTIVARIANT_RULES } from './multivariant-rules.ts'
import { type Presentation, readPresentation } from './presentation.ts'

export const RULES = [...MEDIA_RULES, ...MULTIVARIANT_RULES]

/** Every fault, with the rule's number. */
export function findFaults(presentation: Presentation): readonly string[] {
  const read = readPresentation(presentation)
  return RULES.flatMap(({ id, faults }) => faults(read).map((fault) => `${id}: ${fault}`))
}
