import KafkaClient
import Sequitur

/// A record of a topic, as a copy.
struct CopiedRecord {
  let offset: Int64
  let timestamp: Int64
  let key: [UInt8]?
  let value: [UInt8]?
  let headers: [Header]

  struct Header {
    let name: [UInt8]
    let value: [UInt8]?

    func isNamed(_ name: StaticString) -> Bool {
      self.name.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    }
  }

  init(_ message: borrowing Message) {
    offset = message.offset
    timestamp = message.timestamp
    key = message.key.map { Array($0) }
    value = message.value.map { Array($0) }
    var headers: [Header] = []
    _ = message.forEachHeader { headers.append(Header(name: Array($0), value: $1.map { Array($0) })) }
    self.headers = headers
  }

  /// The value of the last header of this name, unless it is null or empty.
  func value(of name: StaticString) -> [UInt8]? {
    headers.last { $0.isNamed(name) }?.value.flatMap { $0.isEmpty ? nil : $0 }
  }
}

/// A command as it stands on the invalid topic, with what is needed to send it again.
struct RejectedCommand {
  /// Which attempts are one: the same command sent several times.
  struct Identity: Hashable {
    let key: [UInt8]
    let id: [UInt8]
  }

  let code: String
  /// Of the command on the commands topic.
  let offset: Int64
  let identity: Identity
  let value: [UInt8]?
  /// The command's own headers.
  let headers: [CopiedRecord.Header]
  /// Whether the command has an id of its own. One without gets its first position as one, so that it is not taken twice.
  let hasID: Bool

  /// What keeps a record of the invalid topic from being sent again.
  enum Obstacle: String, CaseIterable {
    case otherApplication = "another application's, or nobody's"
    case incomplete = "its payload, headers or key are not all on the invalid topic"
    case noRejection = "it is no rejection: another topic may be meant"
    case keyless = "it has no key that an object may have"
  }

  enum Reading {
    case command(RejectedCommand)
    /// Without a code the record is no rejection.
    case obstacle(Obstacle, code: String?)
  }

  /// - Parameters:
  ///   - application: whose rejections are wanted.
  ///   - topic: the commands topic.
  static func read(
    _ record: CopiedRecord, partition: Int32, of application: String, _ topic: String
  ) -> Reading {
    // A command may carry headers of these names itself; the worker's are those from the last `rejection-code` on.
    guard let first = record.headers.lastIndex(where: { $0.isNamed("rejection-code") }) else {
      return .obstacle(.noRejection, code: nil)
    }
    let (carried, own) = (Array(record.headers[..<first]), record.headers[first...])
    func text(_ name: StaticString) -> String? {
      own.first { $0.isNamed(name) }?.value.map { String(decoding: $0, as: UTF8.self) }
    }
    let code = text("rejection-code") ?? "none"
    let position = text("command-position") ?? ""
    guard let offset = Self.offset(position, topic, partition),
      text("rejection-source").map({ $0 == "/\(application)" }) ?? true
    else { return .obstacle(.otherApplication, code: code) }
    guard text("payload-omitted") == nil, text("key-cut") == nil else {
      return .obstacle(.incomplete, code: code)
    }
    guard let key = record.key, 1...Limits.keyBytesMax ~= key.count else {
      return .obstacle(.keyless, code: code)
    }
    let id = carried.last { $0.isNamed("ce_id") }?.value.flatMap { $0.isEmpty ? nil : $0 }
    return .command(
      RejectedCommand(
        code: code, offset: offset, identity: Identity(key: key, id: id ?? Array(position.utf8)),
        value: record.value, headers: carried, hasID: id != nil))
  }

  /// The offset of a position on this partition of the commands topic.
  private static func offset(_ position: String, _ topic: String, _ partition: Int32) -> Int64? {
    let prefix = "\(topic)/\(partition)/"
    guard position.hasPrefix(prefix), let offset = Int64(position.dropFirst(prefix.count)), offset >= 0 else {
      return nil
    }
    return offset
  }

  /// The headers to send: the command's own, with an id.
  func headerList() -> HeaderList {
    var list = HeaderList(capacity: headers.count + 1)
    for header in headers where hasID || !header.isNamed("ce_id") {
      header.name.withUnsafeBytes { name in
        if let value = header.value {
          value.withUnsafeBytes { list.add(name: name, value: $0) }
        } else {
          list.add(name: name, value: nil)
        }
      }
    }
    if !hasID { list.add(name: "ce_id", value: String(decoding: identity.id, as: UTF8.self)) }
    return list
  }
}
