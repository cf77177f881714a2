/// The record on the changelog that says which commands the state stands for.
///
/// Its key is the empty key, which no object may have; its value is JSON,
/// `{"format":1,"position":123,"partitions":4}`. Its header `incarnation` tells one changelog from another of the same
/// name: a positive decimal, chosen at random when the partition's first checkpoint is written, the same ever after. Its
/// header `last-command` tells one commands topic from another (``LastCommand``), `position-moves` what an operator
/// decided (``PositionMove``), `decider` who decided (``DeciderFingerprint``), and `state-forms` what the states may look like
/// (``StateForms``).
public struct CheckpointRecord: Sendable, Hashable {
  /// The format that this version of Sequitur writes and reads.
  public static let format = 1

  /// The next command offset to consume.
  public let position: Int64
  /// How many partitions the commands topic had.
  public let partitions: Int32
  /// Which changelog it is, 1…; `nil`: not known, since a version that knew no incarnations wrote it.
  public let incarnation: Int64?
  /// The command that was processed last; `nil`: not known, since a version wrote it that did not tell.
  public let lastCommand: LastCommand?
  /// Where an operator moved the position, the newest last, at most ``PositionMove/keptMax``.
  public let moves: [PositionMove]
  /// Which decider the commands up to here were decided by, since the checkpoint before; `nil`: not known, since a version
  /// wrote it that did not tell.
  public let decider: DeciderFingerprint?
  /// What the states may look like; empty when that is not known.
  public let stateForms: StateForms

  /// A checkpoint to be encoded. What is not given is not written.
  public init(
    position: Int64, partitions: Int32, incarnation: Int64? = nil, lastCommand: LastCommand? = nil,
    moves: [PositionMove] = [], decider: DeciderFingerprint? = nil, stateForms: StateForms = StateForms()
  ) {
    self.position = position
    self.partitions = partitions
    self.incarnation = incarnation
    self.lastCommand = lastCommand
    self.moves = moves
    self.decider = decider
    self.stateForms = stateForms
  }

  /// Why a checkpoint record cannot be read.
  public enum Fault: Error, Hashable, CustomStringConvertible {
    case notACheckpoint(String)
    case unknownFormat(Int64)

    public var description: String {
      switch self {
      case .notACheckpoint(let text):
        "Expected a checkpoint like {\"format\":1,\"position\":123,\"partitions\":4}, but found \(text)"
      case .unknownFormat(let format):
        "Expected a checkpoint of format \(CheckpointRecord.format), but found format \(format): "
          + "a newer version wrote it"
      }
    }
  }

  /// Appends the record's value, which what stands in its headers is no part of.
  public func encode(into writer: inout ByteWriter) {
    writer.append("{\"format\":")
    writer.append(decimal: Int64(Self.format))
    writer.append(",\"position\":")
    writer.append(decimal: position)
    writer.append(",\"partitions\":")
    writer.append(decimal: Int64(partitions))
    writer.append("}")
  }

  /// Reads a record's value: a flat JSON object, its members in any order, with optional white space. Further members
  /// are numbers or strings, for later versions.
  ///
  /// A position of 2^63−1 is none: nothing could follow it.
  ///
  /// - Parameters:
  ///   - bytes: the record's value.
  ///   - incarnation: what the record's header says.
  ///   - lastCommand: likewise.
  ///   - moves: likewise.
  ///   - decider: likewise.
  ///   - stateForms: likewise.
  public init(
    decoding bytes: UnsafeRawBufferPointer, incarnation: Int64? = nil, lastCommand: LastCommand? = nil,
    moves: [PositionMove] = [], decider: DeciderFingerprint? = nil, stateForms: StateForms = StateForms()
  ) throws(Fault) {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    var scanner = FlatObjectScanner(bytes)
    guard let fields = scanner.integers() else { throw .notACheckpoint(text) }
    guard let format = fields["format"] else { throw .notACheckpoint(text) }
    guard format == Self.format else { throw .unknownFormat(format) }
    guard let position = fields["position"], (0..<Int64.max).contains(position),
      let count = fields["partitions"],
      let partitions = Int32(exactly: count), partitions > 0
    else { throw .notACheckpoint(text) }
    self.init(
      position: position, partitions: partitions, incarnation: incarnation, lastCommand: lastCommand,
      moves: moves, decider: decider, stateForms: stateForms
    )
  }
}

/// Reads a JSON object whose members are integers and plain strings, and nothing else.
private struct FlatObjectScanner {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The integers by name; `nil` when it is no such object, has something behind it, or a name twice.
  mutating func integers() -> [String: Int64]? {
    var names: Set<String> = []
    var integers: [String: Int64] = [:]
    guard take("{") else { return nil }
    repeat {
      guard let name = string(), names.insert(name).inserted, take(":") else { return nil }
      if let number = integer() {
        integers[name] = number
      } else if string() == nil {
        return nil
      }
    } while take(",")
    guard take("}") else { return nil }
    skipSpace()
    return index == bytes.count ? integers : nil
  }

  private mutating func skipSpace() {
    while index < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[index]) { index += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  /// A string without escapes.
  private mutating func string() -> String? {
    guard take("\"") else { return nil }
    let start = index
    while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
      guard bytes[index] >= 0x20, bytes[index] != UInt8(ascii: "\\") else { return nil }
      index += 1
    }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    return take("\"") ? text : nil
  }

  /// Digits with an optional minus, without leading zeros.
  private mutating func integer() -> Int64? {
    skipSpace()
    let start = index
    if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
    let digits = index
    while index < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[index] { index += 1 }
    let isPadded = index - digits > 1 && bytes[digits] == UInt8(ascii: "0")
    if index > digits, !isPadded, let number = Int64(String(decoding: bytes[start..<index], as: UTF8.self)) {
      return number
    }
    index = start
    return nil
  }
}
