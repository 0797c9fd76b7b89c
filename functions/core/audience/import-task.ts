import * as z from 'zod/mini';
import { brotliDecompressSync } from 'node:zlib';
