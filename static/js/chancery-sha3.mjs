// SHA3-256 (FIPS 202), which WebCrypto does not have everywhere: for the hybrid key encapsulation, which hashes two secrets.
//
// Lanes are pairs of 32-bit words, so that no step takes longer for some secrets than for others.

const RATE = 136;
const LANES = 25;
// The round constants, each as its lower and its upper half.
const ROUNDS = [
  [0x1, 0], [0x8082, 0], [0x808a, 0x80000000], [0x80008000, 0x80000000], [0x808b, 0], [0x80000001, 0],
  [0x80008081, 0x80000000], [0x8009, 0x80000000], [0x8a, 0], [0x88, 0], [0x80008009, 0], [0x8000000a, 0], [0x8000808b, 0],
  [0x8b, 0x80000000], [0x8089, 0x80000000], [0x8003, 0x80000000], [0x8002, 0x80000000], [0x80, 0x80000000], [0x800a, 0],
  [0x8000000a, 0x80000000], [0x80008081, 0x80000000], [0x8080, 0x80000000], [0x80000001, 0], [0x80008008, 0x80000000],
];

/** Rotate a lane to the left. */
function rotated([low, high], by) {
  if (by >= 32) return rotated([high, low], by - 32);
  return by ? [(low << by) | (high >>> (32 - by)), (high << by) | (low >>> (32 - by))] : [low, high];
}

const xor = ([a, b], [c, d]) => [a ^ c, b ^ d];

function permute(lanes) {
  for (const round of ROUNDS) {
    const columns = [0, 1, 2, 3, 4].map((x) => [0, 5, 10, 15, 20].map((y) => lanes[x + y]).reduce(xor));
    for (let at = 0; at < LANES; at += 1) {
      lanes[at] = xor(lanes[at], xor(columns[(at + 4) % 5], rotated(columns[(at + 1) % 5], 1)));
    }
    let [x, y, moving] = [1, 0, lanes[1]];
    for (let step = 1; step < LANES; step += 1) {
      [x, y] = [y, (2 * x + 3 * y) % 5];
      const at = x + 5 * y;
      [lanes[at], moving] = [rotated(moving, ((step * (step + 1)) / 2) % 64), lanes[at]];
    }
    for (let row = 0; row < LANES; row += 5) {
      const before = lanes.slice(row, row + 5);
      for (let at = 0; at < 5; at += 1) {
        const [next, after] = [before[(at + 1) % 5], before[(at + 2) % 5]];
        lanes[row + at] = xor(before[at], [~next[0] & after[0], ~next[1] & after[1]]);
      }
    }
    lanes[0] = xor(lanes[0], round);
  }
}

/** Return the hash of some bytes. */
export function sha3(bytes) {
  const padded = new Uint8Array(Math.floor(bytes.length / RATE + 1) * RATE);
  padded.set(bytes);
  padded[bytes.length] = 0x06;
  padded[padded.length - 1] |= 0x80;
  const view = new DataView(padded.buffer);
  const lanes = Array.from({ length: LANES }, () => [0, 0]);
  for (let block = 0; block < padded.length; block += RATE) {
    for (let at = 0; at < RATE / 8; at += 1) {
      const place = block + 8 * at;
      lanes[at] = xor(lanes[at], [view.getUint32(place, true), view.getUint32(place + 4, true)]);
    }
    permute(lanes);
  }
  const hash = new DataView(new ArrayBuffer(32));
  lanes.slice(0, 4).flat().forEach((word, at) => hash.setUint32(4 * at, word >>> 0, true));
  return new Uint8Array(hash.buffer);
}
