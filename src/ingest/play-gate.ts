/** What the live outputs need from downstream: somebody who decides who may watch. Joined in service.ts. */
export interface PlayGate {
  /** `streamName`: as the player sent it, unchecked. A rejection counts as no. */
  mayPlay(streamName: string, remoteAddress: string): Promise<boolean>
}
