/** The creator's rooms, side by side. */
import { IconBroadcast, IconMovie, IconUpload } from '@tabler/icons-react'
import { Outlet } from '@tanstack/react-router'
import { pages } from '../../paths/paths.ts'
import { Sections } from '../../ui/sections.tsx'

const SECTIONS = [
  { to: pages.goLive, label: 'Go live', Icon: IconBroadcast },
  { to: pages.uploads, label: 'Upload', Icon: IconUpload },
  { to: pages.myVideos, label: 'My videos', Icon: IconMovie },
]

export function StudioLayout() {
  return (
    <>
      <Sections label="Studio" sections={SECTIONS} />
      <Outlet />
    </>
  )
}
