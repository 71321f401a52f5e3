/**
 * How are markers blended into a picture, four pixels at a time? And how does it become straight alpha? In bits the same as
 * `src/engine/scalar-raster.ts`, which says what lies where.
 */

const QUAD: usize = 20; // bytes of a quad: its row and column, four inks
const PIXEL: usize = 4;

/** source + below · (1 − alpha) of four premultiplied pixels. */
@inline
function blend(source: v128, below: v128): v128 {
  const zero = i32x4.splat(0);
  const low = rest(i8x16.shuffle(source, zero, 3, 16, 3, 16, 3, 16, 3, 16, 7, 16, 7, 16, 7, 16, 7, 16));
  const high = rest(i8x16.shuffle(source, zero, 11, 16, 11, 16, 11, 16, 11, 16, 15, 16, 15, 16, 15, 16, 15, 16));
  return i32x4.add(
    source,
    i8x16.narrow_i16x8_u(
      i16x8.shr_u(i16x8.mul(i16x8.extend_low_i8x16_u(below), low), 8),
      i16x8.shr_u(i16x8.mul(i16x8.extend_high_i8x16_u(below), high), 8),
    ),
  );
}

/** Of alpha, in 256ths: 255 leaves 0, 0 leaves all. */
@inline
function rest(alpha: v128): v128 {
  return i16x8.sub(i16x8.sub(i16x8.splat(256), alpha), i16x8.shr_u(alpha, 7));
}

/** Blends the points of places from … until − 1 into one part of the picture; returns how many were drawn. */
export function stamp(job: usize, from: i32, until: i32, scaleX: f64, offsetX: f64, scaleY: f64, offsetY: f64): i32 {
  const chosen = load<usize>(job);
  const points = load<usize>(job, 4);
  const slots = load<usize>(job, 8);
  const isWide = load<i32>(job, 12) === 2;
  const pixels = load<usize>(job, 16);
  const width = load<i32>(job, 20);
  const left = load<i32>(job, 24);
  const top = load<i32>(job, 28);
  const right = load<i32>(job, 32);
  const bottom = load<i32>(job, 36);
  const half = load<i32>(job, 40);
  const starts = load<usize>(job, 44);
  const quads = load<usize>(job, 48);
  let drawn = 0;
  for (let place = from; place < until; place++) {
    const i = (chosen ? load<u32>(chosen + ((place as usize) << 2)) : place) as usize;
    const x = (load<f32>(points + (i << 3)) as f64) * scaleX + offsetX;
    if (!(x >= ((left - half) as f64) && x < ((right + half) as f64))) continue;
    const y = (load<f32>(points + (i << 3), 4) as f64) * scaleY + offsetY;
    if (!(y >= ((top - half) as f64) && y < ((bottom + half) as f64))) continue;
    const col = floor(x) as i32;
    const row = floor(y) as i32;
    const slot: usize = isWide ? load<u16>(slots + (i << 1)) : load<u8>(slots + i);
    const phase = (slot << 4) + ((((y - (row as f64)) * 4) as usize) << 2) + (((x - (col as f64)) * 4) as usize);
    let quad = quads + load<usize>(starts + (phase << 2)) * QUAD;
    const end = quads + load<usize>(starts + (phase << 2), 4) * QUAD;
    if (quad === end) continue;
    drawn++;
    // a quad reaches up to three pixels beyond its marker
    if (col >= left + half && col < right - half - 3 && row >= top + half && row < bottom - half) {
      const middle = pixels + (((row * width + col) as usize) << 2);
      for (; quad < end; quad += QUAD) {
        const to = middle + ((load<i16>(quad, 2) * width + load<i16>(quad)) << 2);
        v128.store(to, blend(v128.load(quad, 4), v128.load(to)));
      }
    } else {
      for (; quad < end; quad += QUAD) {
        const r = row + load<i16>(quad, 2);
        if (r < top || r >= bottom) continue;
        const first = col + load<i16>(quad);
        for (let k = max(0, left - first); k < min(4, right - first); k++) {
          const to = pixels + (((r * width + first + k) as usize) << 2);
          const ink = v128.load32_zero(quad + ((k as usize) << 2), 4);
          store<i32>(to, i32x4.extract_lane(blend(ink, v128.load32_zero(to)), 0));
        }
      }
    }
  }
  return drawn;
}

/** Premultiplied pixels with straight alpha. Up to three more are made from what lies beyond the last. */
export function straighten(n: i32, from: usize, to: usize): void {
  const opaque = i32x4.splat(255);
  for (const end = from + ((n as usize) << 2); from < end; from += 4 * PIXEL, to += 4 * PIXEL) {
    const p = v128.load(from);
    const alpha = i32x4.shr_u(p, 24);
    const isDone = v128.or(i32x4.eq(alpha, i32x4.splat(0)), i32x4.eq(alpha, opaque));
    if (i32x4.all_true(isDone)) {
      v128.store(to, p);
      continue;
    }
    const scale = f32x4.div(f32x4.splat(255), f32x4.convert_i32x4_s(alpha));
    let made = i32x4.shl(alpha, 24);
    made = v128.or(made, channel(p, scale));
    made = v128.or(made, i32x4.shl(channel(i32x4.shr_u(p, 8), scale), 8));
    made = v128.or(made, i32x4.shl(channel(i32x4.shr_u(p, 16), scale), 16));
    v128.store(to, v128.bitselect(p, made, isDone));
  }
}

/** The lowest byte times a scale, to the nearest number. The rounding error stays below the 1e-4 that keeps a half a half. */
@inline
function channel(p: v128, scale: v128): v128 {
  const value = f32x4.convert_i32x4_s(v128.and(p, i32x4.splat(255)));
  const scaled = f32x4.add(f32x4.mul(value, scale), f32x4.splat(0.5001));
  return i32x4.min_s(i32x4.trunc_sat_f32x4_s(scaled), i32x4.splat(255));
}
