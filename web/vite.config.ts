/**
 * Builds web/dist, which the server delivers. `npm run web` serves the sources instead, and passes
 * what is not a page to a running Reprise (REPRISE_URL, else the default port).
 */
import path from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig, loadEnv } from 'vite'

const root = import.meta.dirname

export default defineConfig(({ mode }) => {
  const target = loadEnv(mode, root, 'REPRISE_').REPRISE_URL ?? 'http://127.0.0.1:8080'
  return {
    root,
    plugins: [react()],
    build: {
      outDir: path.join(root, 'dist'),
      emptyOutDir: true,
      target: 'es2022',
      // The player alone is 700 kB before compression, and loads with the watch page only.
      chunkSizeWarningLimit: 1000,
    },
    server: {
      host: '127.0.0.1',
      proxy: Object.fromEntries(
        ['/api', '/media', '/live'].map((prefix) => [prefix, { target, changeOrigin: false }]),
      ),
    },
  }
})
