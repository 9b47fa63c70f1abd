/** The watch page's texts. */
export const WORDS = {
  onDemand: 'made when it is watched',
  missing: 'This video is not here',
  missingAdvice: 'It may have been deleted, or it is private: sign in with the account it belongs to.',
  waitingLive: 'The broadcast is starting',
  waitingLiveAdvice: 'The first picture is on its way. It starts here by itself.',
  waitingUpload: 'This video is being prepared',
  waitingUploadAdvice:
    'You can leave this page open: it starts to play by itself as soon as its first part is ready.',
  failed: 'This video could not be made',
  ended: 'The broadcast has ended. This is the replay.',
  interrupted: 'The broadcaster’s connection was lost. It goes on here when they are back.',
  notYet: 'Some qualities are still being made; the others play already.',
  unlike: 'A part of it looks unlike its source. Watch it, and have the video made again if it is wrong.',
}

export const RENDITION_STATES = {
  planned: 'waiting',
  encoding: 'being made',
  ready: 'ready',
  failed: 'failed',
} as const
