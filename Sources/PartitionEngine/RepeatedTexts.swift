import Sequitur

/// Texts that most events of a batch have in common. They are written into the arena once and named again by
/// further headers, which are ranges of it.
struct RepeatedTexts: Sendable {
  struct EventType: Sendable {
    let name: String
    let text: ByteRange
  }

  struct Time: Sendable {
    let milliseconds: Int64
    let text: ByteRange
  }

  /// The partition whose ``source`` and ``position`` stand in the arena.
  private var identity: PartitionIdentity?
  /// `/<application id>`.
  private(set) var source = ByteRange(offset: 0, count: 0)
  /// `<topic>/<partition>/`.
  private(set) var position = ByteRange(offset: 0, count: 0)

  var type: EventType?
  var time: Time?

  /// Forgets what does not stand in the arena any more when that is truncated to `end`.
  mutating func forget(behind end: Int) {
    if position.end > end { identity = nil }
    if let type, type.text.end > end { self.type = nil }
    if let time, time.text.end > end { self.time = nil }
  }

  /// All partitions of a batch belong to one application and one topic, so that the number says which it is.
  func isPlace(of identity: PartitionIdentity) -> Bool {
    guard let known = self.identity, known.partition == identity.partition else { return false }
    assert(known == identity, "a batch holds events of one application only")
    return true
  }

  mutating func setPlace(of identity: PartitionIdentity, source: ByteRange, position: ByteRange) {
    self.identity = identity
    self.source = source
    self.position = position
  }
}

extension ByteRange {
  fileprivate var end: Int { Int(offset) + Int(count) }
}

extension OutputBatch {
  /// Writes what all events of a partition begin alike, unless it is there.
  mutating func writePlace(of identity: PartitionIdentity) {
    if repeated.isPlace(of: identity) { return }
    let source = text { writer in
      writer.append(UInt8(ascii: "/"))
      writer.append(identity.applicationID)
    }
    let position = text { writer in
      writer.append(identity.commandsTopic)
      writer.append(UInt8(ascii: "/"))
      writer.append(decimal: Int64(identity.partition))
      writer.append(UInt8(ascii: "/"))
    }
    repeated.setPlace(of: identity, source: source, position: position)
  }

  mutating func type(_ name: String) -> ByteRange {
    if let type = repeated.type, type.name == name { return type.text }
    let type = RepeatedTexts.EventType(name: name, text: text { $0.append(name) })
    repeated.type = type
    return type.text
  }

  mutating func time(_ milliseconds: Int64) -> ByteRange {
    if let time = repeated.time, time.milliseconds == milliseconds { return time.text }
    let time = RepeatedTexts.Time(milliseconds: milliseconds, text: text { $0.append(rfc3339: milliseconds) })
    repeated.time = time
    return time.text
  }

  /// Writes a text that no header names yet.
  mutating func text(_ body: (inout ByteWriter) -> Void) -> ByteRange {
    let offset = arena.count
    body(&arena)
    return ByteRange(offset: offset, count: arena.count - offset)
  }
}
