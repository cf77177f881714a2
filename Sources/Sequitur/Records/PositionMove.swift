/// An operator's decision to go on elsewhere on the commands topic than where the application had come to.
///
/// It stands in every checkpoint from then on, so that whoever audits the topics learns of it: commands between may have
/// no outcome, or two.
public struct PositionMove: Sendable, Hashable {
  /// The next command offset before.
  public let from: Int64
  /// The next command offset after.
  public let to: Int64

  /// The newest ones that a checkpoint keeps.
  public static let keptMax = 16

  /// A move from one offset to another.
  public init(from: Int64, to: Int64) {
    self.from = from
    self.to = to
  }

  /// The value of the checkpoint's header `position-moves`: like `15>20,40>0`, the newest last.
  public static func encode(_ moves: [PositionMove], into writer: inout ByteWriter) {
    for (index, move) in moves.suffix(keptMax).enumerated() {
      if index > 0 { writer.append(",") }
      writer.append(decimal: move.from)
      writer.append(">")
      writer.append(decimal: move.to)
    }
  }

  /// Reads the header's value; nil when it is none.
  public static func decode(_ bytes: UnsafeRawBufferPointer) -> [PositionMove]? {
    let parts = bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard parts.count <= keptMax else { return nil }
    var moves: [PositionMove] = []
    for part in parts {
      guard let arrow = part.firstIndex(of: UInt8(ascii: ">")),
        let from = Int64(exactDecimal: part[..<arrow]),
        let to = Int64(exactDecimal: part[(arrow + 1)...])
      else { return nil }
      moves.append(PositionMove(from: from, to: to))
    }
    return moves
  }
}
