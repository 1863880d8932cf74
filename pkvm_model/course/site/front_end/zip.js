// Writes zip archives without compression: what a learner saves is small, and any program can open it.

const CRC = new Uint32Array(256).map((_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

function checksum(bytes) {
  let sum = -1;
  for (const byte of bytes) sum = CRC[(sum ^ byte) & 255] ^ (sum >>> 8);
  return ~sum >>> 0;
}

/** Returns numbers as bytes, the lowest first: [value, how many bytes] each. */
const toBytes = (...fields) =>
  fields.flatMap(([value, size]) => Array.from({ length: size }, (_, at) => (value / 256 ** at) & 255));

/** Returns a moment as zip archives write it, in steps of two seconds. */
function toDosTime(moment) {
  const date = ((moment.getFullYear() - 1980) << 9) | ((moment.getMonth() + 1) << 5) | moment.getDate(),
    time = (moment.getHours() << 11) | (moment.getMinutes() << 5) | (moment.getSeconds() >> 1);
  return date * 65536 + time;
}

/** What the head of a file and the table of contents both say: version 2.0, a name in UTF-8, stored as it is. */
function describeFile(name, bytes, moment) {
  const sizes = [[bytes.length, 4], [bytes.length, 4], [name.length, 2], [0, 2]]; // prettier-ignore
  return toBytes([20, 2], [0x800, 2], [0, 2], [toDosTime(moment), 4], [checksum(bytes), 4], ...sizes);
}

/** Returns an archive with these files, [name, text] each. */
export function zipFiles(files, moment = new Date()) {
  const encoder = new TextEncoder(),
    parts = [],
    contents = [];
  let at = 0;
  for (const [name, bytes] of files.map((file) => file.map((text) => encoder.encode(text)))) {
    const said = describeFile(name, bytes, moment),
      entry = toBytes([0x02014b50, 4], [20, 2]).concat(said, toBytes([0, 6], [0, 4], [at, 4]), ...name);
    contents.push(Uint8Array.from(entry));
    for (const part of [toBytes([0x04034b50, 4]).concat(said), name, bytes].map((each) => Uint8Array.from(each))) {
      parts.push(part);
      at += part.length;
    }
  }
  const size = contents.reduce((sum, entry) => sum + entry.length, 0),
    end = toBytes([0x06054b50, 4], [0, 4], [files.length, 2], [files.length, 2], [size, 4], [at, 4], [0, 2]);
  return new Blob([...parts, ...contents, Uint8Array.from(end)], { type: "application/zip" });
}
