import KafkaClient
import PartitionEngine
import Sequitur

/// What stands in a record besides its key and value.
struct RecordContent: Sendable, Hashable {
  /// Nil for an object that was forgotten with nothing kept of it.
  var version: UInt64?
  /// Of an event or a rejection: the offset of its command.
  var command: Int64?
}

/// Reads what a record is, and whether it is the application's own. Lives on the follower's thread.
struct RecordReader: ~Copyable {
  private let topic: FollowedTopic
  private let commandsPrefix: [UInt8]
  private let source: [UInt8]
  private let applicationID: [UInt8]
  private let commands: [UInt8]
  /// Those of the record that was read last: valid as long as its message.
  private(set) var headers: [RecordHeader] = []
  /// Where those begin that a worker wrote.
  private var ownHeaders = 0
  private var scratch = ByteWriter(capacity: 4096)

  init(_ topic: FollowedTopic) {
    self.topic = topic
    commandsPrefix = Array("\(topic.topics.commands)/".utf8)
    source = Array("/\(topic.applicationID)".utf8)
    applicationID = Array(topic.applicationID.utf8)
    commands = Array(topic.topics.commands.utf8)
  }

  /// - Throws: a fault for what is no record of the application's.
  mutating func read(
    _ message: borrowing Message
  ) throws(FollowFault) -> (record: FollowMachine.Record, content: RecordContent) {
    headers.removeAll(keepingCapacity: true)
    ownHeaders = 0
    guard message.forEachHeader({ headers.append(RecordHeader(name: $0, value: $1)) }) else {
      throw .unreadable(offset: message.offset, reason: "its headers cannot be parsed")
    }
    switch topic.source {
    case .changelog: return try change(message)
    case .events: return try event(message)
    case .rejections: return try rejection(message)
    }
  }

  // MARK: Changelog

  private mutating func change(
    _ message: borrowing Message
  ) throws(FollowFault) -> (record: FollowMachine.Record, content: RecordContent) {
    scratch.truncate(to: 0)
    let content: ChangelogRecord.Content
    do throws(ChangelogRecord.Fault) {
      content = try headers.withUnsafeBufferPointer { headers throws(ChangelogRecord.Fault) in
        try ChangelogRecord.decode(
          key: message.key, value: message.value, headers: headers, into: &scratch)
      }
    } catch {
      throw .unreadable(offset: message.offset, reason: error.description)
    }
    let object = FollowMachine.Record.object(bytes: bytes(message))
    switch content {
    case .object: return (object, RecordContent(version: ObjectRecord(scratch.bytes).version))
    case .grave: return (object, RecordContent(version: ObjectRecord(scratch.bytes).lastVersion))
    case .forgotten: return (object, RecordContent())
    case .checkpoint(let checkpoint):
      try checkApplication("application", applicationID, message.offset)
      try check("commands-topic", commands, message.offset)
      return (.checkpoint(checkpoint), RecordContent())
    }
  }

  private func checkApplication(
    _ name: StaticString, _ expected: [UInt8], _ offset: Int64
  ) throws(FollowFault) {
    if topic.isOfOneApplication { try check(name, expected, offset) }
  }

  /// Older versions wrote no such header: what a record does not say is not held against it.
  private func check(_ name: StaticString, _ expected: [UInt8], _ offset: Int64) throws(FollowFault) {
    guard let found = header(name), !found.elementsEqual(expected) else { return }
    throw .otherApplication(
      offset: offset, says: "the header \(name) says \(String(decoding: found, as: UTF8.self))")
  }

  // MARK: Events

  private func event(
    _ message: borrowing Message
  ) throws(FollowFault) -> (record: FollowMachine.Record, content: RecordContent) {
    let offset = message.offset
    guard let key = message.key, !key.isEmpty else {
      throw .unreadable(offset: offset, reason: "it has no key")
    }
    guard let id = header("ce_id"), header("ce_type") != nil else {
      throw .unreadable(offset: offset, reason: "it has no ce_id and ce_type")
    }
    try checkApplication("ce_source", source, offset)
    let command = try self.command(id, named: "ce_id", numbers: 3, message)
    guard case .exactly(let version)? = header("ce_sequence").flatMap({ ExpectedVersion($0) }),
      ObjectRecord.versions.contains(version)
    else { throw .unreadable(offset: offset, reason: "its ce_sequence is not a version") }
    return (
      .outcome(command: command, bytes: bytes(message)), RecordContent(version: version, command: command)
    )
  }

  // MARK: Rejections

  private mutating func rejection(
    _ message: borrowing Message
  ) throws(FollowFault) -> (record: FollowMachine.Record, content: RecordContent) {
    let offset = message.offset
    // In front stand the command's own, which may have the same names.
    ownHeaders = headers.lastIndex { $0.isNamed("rejection-code") } ?? headers.endIndex
    guard let position = header("command-position") else {
      throw .unreadable(offset: offset, reason: "it has no rejection-code with a command-position behind it")
    }
    try checkApplication("rejection-source", source, offset)
    let command = try self.command(position, named: "command-position", numbers: 2, message)
    let version = header("object-version").flatMap { UInt64(String(decoding: $0, as: UTF8.self)) }
    return (
      .outcome(command: command, bytes: bytes(message)), RecordContent(version: version, command: command)
    )
  }

  // MARK: Parts

  /// The command's offset in `<commands topic>/<partition>/<offset>`, behind which an event has its index.
  private func command(
    _ text: UnsafeRawBufferPointer, named name: String, numbers count: Int, _ message: borrowing Message
  ) throws(FollowFault) -> Int64 {
    var rest = text.dropFirst(commandsPrefix.count)
    let partition = Self.takeNumber(&rest)
    let command = Self.takeNumber(&rest)
    let isWhole = (count < 3 || Self.takeNumber(&rest) != nil) && rest.isEmpty
    guard text.starts(with: commandsPrefix), let partition, let command, isWhole else {
      throw .otherApplication(
        offset: message.offset, says: "the \(name) is \(String(decoding: text, as: UTF8.self))")
    }
    guard partition == Int64(message.partition) else {
      throw .unreadable(
        offset: message.offset, reason: "its \(name) names a command of partition \(partition)")
    }
    return command
  }

  /// Of a header that repeats, the last one counts.
  private func header(_ name: StaticString) -> UnsafeRawBufferPointer? {
    headers[ownHeaders...].last { $0.isNamed(name) }?.value
  }

  /// What the record takes while it is held.
  private func bytes(_ message: borrowing Message) -> Int {
    let own = (message.key?.count ?? 0) + (message.value?.count ?? 0)
    guard !topic.isChangelog else { return own }
    return headers.reduce(own) { $0 + $1.name.count + ($1.value?.count ?? 0) }
  }

  /// Takes digits without sign or leading zero, and the slash behind them if there is one with something behind it.
  private static func takeNumber(_ text: inout Slice<UnsafeRawBufferPointer>) -> Int64? {
    var number: Int64 = 0
    var digits = 0
    while let byte = text.first, byte != UInt8(ascii: "/") {
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte, digits == 0 || number != 0 else { return nil }
      let (tens, isLarge) = number.multipliedReportingOverflow(by: 10)
      let (next, isLarger) = tens.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
      guard !isLarge, !isLarger else { return nil }
      number = next
      digits += 1
      text.removeFirst()
    }
    guard digits > 0 else { return nil }
    if text.count > 1 { text.removeFirst() }
    return number
  }
}
