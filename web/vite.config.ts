import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds the API: the address of a running `nunatak label`. */
const api = process.env["NUNATAK_SERVER"] ?? "http://127.0.0.1:8765";

export default defineConfig({
  base: "./",
  plugins: [svelte()],
  // Tests run the code that browsers run, not the one for rendering on a server.
  ...(process.env["VITEST"] ? { resolve: { conditions: ["browser"] } } : {}),
  build: {
    outDir: "../src/nunatak/server/page",
    emptyOutDir: true,
    target: "es2022",
    // The page's policy allows no inline script, and data: addresses of pictures only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
  },
  // The server takes requests from its own page only, so they must look like that page's.
  server: {
    host: "127.0.0.1",
    proxy: { "/api": { target: api, changeOrigin: true, headers: { origin: api } } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node", restoreMocks: true },
});
