/**
 * Ends a program that was started behind bubblewrap, in whatever moment. Killed between making the process inside
 * its walls and letting it go on, bubblewrap leaves that one behind, asleep for ever: `--die-with-parent` is asked
 * for a moment later. So the outer one is stopped first, and what is inside goes before it. Linux: proc(5).
 */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'

export function endProcess(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGSTOP')
  for (const inner of childrenOf(child.pid)) {
    try {
      process.kill(inner, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
  child.kill('SIGKILL')
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.split(' ').filter(Boolean).map(Number)
  } catch {
    // Not on Linux, or it is gone.
    return []
  }
}
