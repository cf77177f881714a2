import SeededRandom

/// Makes inputs: the same target, seed and number always make the same one.
struct FuzzMutator {
  /// An input in so many is bytes by chance, and one is left as it is.
  private static let oddOnes = 32

  private let corpus: [[[UInt8]]]
  private let words: [[UInt8]]
  private let seed: UInt64
  private let partBytesMax: Int

  init(_ target: FuzzTarget, seed: UInt64) {
    corpus = target.corpus
    words = (target.words + Self.words).map { Array($0.utf8) } + Self.numbers
    self.seed = seed
    partBytesMax = target.partBytesMax
  }

  /// Words that mean something to most decoders.
  private static let words = [
    "0", "-0", "1", "-1", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "18446744073709551615", "1e308", "1e-400", "0.00", "null", "true", "{", "}", "[", "]", "\"", "\\",
    "\\u0000",
    "\\ud83d\\ude00", ":", ",", "\n", "\r\n", "\t", " ", "\u{0}", "%", "%00", "%2f", "é", "\u{FEFF}",
    "\u{1F600}",
    "-", "/", "..", "=", "&", "?", "#", "*",
  ]

  /// Lengths and counts as other programs write them.
  private static let numbers: [[UInt8]] = [
    [0, 0], [0xFF, 0xFF], [0x7F, 0xFF], [0x80, 0x00], [0, 0, 0, 0], [0, 0, 0, 1], [0xFF, 0xFF, 0xFF, 0xFF],
    [0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1],
    [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0, 0, 0, 0, 0], [0xC3],
    [0xED, 0xA0, 0x80],
  ]

  /// The input of this number.
  func input(_ number: UInt64) -> [[UInt8]] {
    var random = SplitMix64(seed: seed &+ number &* 0xd134_2543_de82_ef95)
    var parts = random.pick(corpus)
    switch random.below(Self.oddOnes) {
    case 0: parts = parts.map { _ in Self.bytes(random.below(200), &random) }
    case 1: return parts
    default:
      // Few changes leave most of an input right, which goes deepest.
      for _ in 0...random.below(random.below(4) + 1) { change(&parts, &random) }
    }
    return parts
  }

  private func change(_ parts: inout [[UInt8]], _ random: inout SplitMix64) {
    guard !parts.isEmpty else { return parts.append(random.pick(words)) }
    let part = random.below(parts.count)
    switch random.below(40) {
    case 0: parts.remove(at: part)
    case 1: parts.insert(parts[random.below(parts.count)], at: part)
    case 2: parts.swapAt(part, random.below(parts.count))
    case 3: parts[part] = []
    case 4: parts[part] = random.pick(random.pick(corpus))
    default: change(&parts[part], &random)
    }
  }

  private func change(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
    let place = random.below(bytes.count + 1)
    let end = min(bytes.count, place + 1 + random.below(1 << random.below(7)))
    switch random.below(12) {
    case 0, 1: bytes.replaceSubrange(place..<place, with: random.pick(words))
    case 2, 3: bytes.replaceSubrange(place..<end, with: random.pick(words))
    case 4: bytes.removeSubrange(place..<end)
    case 5: if place < bytes.count { bytes[place] ^= 1 << UInt8(random.below(8)) }
    case 6: if place < bytes.count { bytes[place] = UInt8(random.below(256)) }
    case 7:
      // Deep, or long.
      let piece = Array(bytes[place..<end])
      let times = min(random.below(300), max(0, partBytesMax - bytes.count) / max(1, piece.count))
      bytes.insert(contentsOf: repeatElement(piece, count: times).joined(), at: place)
    case 8: bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count + 1))
    case 9:
      let other = random.pick(random.pick(corpus))
      let from = random.below(other.count + 1)
      bytes.replaceSubrange(place..., with: other[from...])
    case 10: bytes.removeSubrange(place...)
    default: bytes.insert(contentsOf: Self.bytes(1 + random.below(8), &random), at: place)
    }
    if bytes.count > partBytesMax { bytes.removeSubrange(partBytesMax...) }
  }

  private static func bytes(_ count: Int, _ random: inout SplitMix64) -> [UInt8] {
    (0..<count).map { _ in UInt8(random.below(256)) }
  }
}
