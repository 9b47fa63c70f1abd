/** The administrator's rooms, side by side. */
import { IconListCheck, IconMovie, IconServerBolt, IconUsers } from '@tabler/icons-react'
import { Outlet } from '@tanstack/react-router'
import { pages } from '../../paths/paths.ts'
import { Sections } from '../../ui/sections.tsx'

const SECTIONS = [
  { to: pages.adminVideos, label: 'Videos', Icon: IconMovie },
  { to: pages.adminPeople, label: 'People', Icon: IconUsers },
  { to: pages.adminJobs, label: 'Jobs', Icon: IconListCheck },
  { to: pages.adminWorkers, label: 'Workers', Icon: IconServerBolt },
]

export function AdminLayout() {
  return (
    <>
      <Sections label="Admin" sections={SECTIONS} />
      <Outlet />
    </>
  )
}
