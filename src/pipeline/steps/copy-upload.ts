/** Copies an upload's packets into segments. Until packaging can, every upload is encoded. */

import type { PipelineUpload, PipelineVideo } from '../catalogue.ts'
import type { SourceMedia } from '../source.ts'
import type { StepParts } from './step-parts.ts'
export async function copyUpload(
  _parts: StepParts,
  _video: PipelineVideo,
  _upload: PipelineUpload,
  _media: SourceMedia,
  _how: { readonly passAudio: boolean; readonly signal: AbortSignal },
): Promise<boolean> {
  return false
}
