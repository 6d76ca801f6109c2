/** The real random source (the operating system's). Only edges import it. */
import { randomBytes } from 'node:crypto';
import type { RandomSource } from './environment';

export const systemRandom: RandomSource = { bytes: (length) => randomBytes(length) };
