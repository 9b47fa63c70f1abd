/** Mantine's button, anchor and menu item as links of the router, with its types. */
import { Anchor, type AnchorProps, Button, type ButtonProps, Menu, type MenuItemProps } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { ComponentPropsWithRef } from 'react'

type LinkProps<P> = P & Omit<ComponentPropsWithRef<'a'>, keyof P>

export const LinkButton = createLink((props: LinkProps<ButtonProps>) => <Button component="a" {...props} />)
export const LinkText = createLink((props: LinkProps<AnchorProps>) => <Anchor {...props} />)
export const LinkMenuItem = createLink((props: LinkProps<MenuItemProps>) => (
  <Menu.Item component="a" {...props} />
))
