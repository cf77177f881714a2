import Foundation

/// What a view's directory says of itself, under the key `view` of the default column family.
struct ViewHeader: Codable, Hashable {
  static let format = 1

  var format = ViewHeader.format
  let application: String
  let topic: String
  /// How many the topic has.
  let partitions: Int32

  var data: Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A structure of texts and numbers can be encoded.
    return (try? encoder.encode(self)) ?? Data()
  }

  var shown: String { "\(application), \(topic) with \(partitions) partitions" }
}

extension ViewMark {
  /// 41 bytes: a format, then offset, command, incarnation, currentAt, currentEnd; -1 for none.
  private static var byteCount: Int { 41 }

  var bytes: [UInt8] {
    var bytes: [UInt8] = [1]
    let numbers = [
      position?.offset ?? -1, position?.command ?? -1, position?.incarnation ?? -1, currentAt,
      currentEnd ?? -1,
    ]
    for number in numbers { withUnsafeBytes(of: number.littleEndian) { bytes += $0 } }
    return bytes
  }

  /// Nil when the bytes are no mark of this format.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard bytes.count == Self.byteCount, bytes[0] == 1 else { return nil }
    let numbers = (0..<5).map {
      Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 1 + 8 * $0, as: Int64.self))
    }
    if numbers[0] >= 0 {
      position = .init(
        offset: numbers[0], command: numbers[1], incarnation: numbers[2] > 0 ? numbers[2] : nil)
    } else {
      position = nil
    }
    currentAt = numbers[3]
    currentEnd = numbers[4] >= 0 ? numbers[4] : nil
  }
}
