import Foundation
import KafkaClient

extension PartitionAudit {
  /// How long a checkpoint may take to become visible after the outcomes it covers.
  private static let checkpointWait = Duration.seconds(3)

  /// Reads the changelog up to its last stable offset, where no transaction is half done.
  func readChangelog() throws {
    let reader = audit.readers.changelog
    let bounds = try reader.stableBounds(partition)
    changelogEnd = bounds.high
    try reader.open(partition, from: bounds.low, to: bounds.high)
    var expected: Int64 = 0
    while try reader.advance(), let record = reader.current {
      // A transaction's end takes one offset; more than one missing means aborted or compacted records.
      if record.offset > expected + 1 {
        mayBeCompacted = true
        hasGap = true
      }
      expected = record.offset + 1
      take(changelog: record)
    }
  }

  private func take(changelog record: AuditRecord) {
    guard let key = record.key else {
      return add(.changelog, topics.changelog, record.offset, "Expected a key, but it is null")
    }
    guard !key.isEmpty else { return take(checkpoint: record) }
    let name = AuditKey(key)
    guard let value = record.value else {
      tombstones.insert(name)
      states[name] = nil
      return take(tombstone: record, name)
    }
    graves[name] = nil
    guard let version = record.header("v")?.decimal, version > 0 else {
      return add(
        .changelog, topics.changelog, record.offset,
        "Expected the header v to be the version of \(key.shown), 1 to 2^63-1, but it is none")
    }
    let fields = audit.stateFields.read(value)
    let status = fields?[0]?.text
    if audit.rules != nil, status == nil {
      add(
        .state, topics.changelog, record.offset,
        "Expected the state of \(key.shown) to be JSON with a status, but it is not")
    }
    states[name] = AuditedState(
      version: version, offset: record.offset, status: status, fields: named(fields),
      schemaVersion: record.header("s")?.decimal ?? 1)
  }

  /// The fields that the rules keep, by name.
  private func named(_ fields: [AuditValue?]?) -> [String: AuditValue] {
    guard let fields, audit.rules != nil else { return [:] }
    var named: [String: AuditValue] = [:]
    for (name, value) in zip(audit.stateNames, fields.dropFirst()) { named[name] = value }
    return named
  }

  /// A tombstone without headers says nothing; one with a time keeps command ids.
  private func take(tombstone record: AuditRecord, _ key: AuditKey) {
    graves[key] = nil
    guard let time = record.text("t") else { return }
    guard let version = record.header("v")?.decimal, version > 0, Int64(time) != nil else {
      return add(
        .changelog, topics.changelog, record.offset,
        "Expected the tombstone of \(key.shown) to have a version in the header v and a time in t, but it has not"
      )
    }
    let ids = record.header("ids")
    let made = AuditCommandIDs.versions(ids)
    if made == nil || made?.contains(where: { !(1...version ~= $0) }) == true {
      add(
        .changelog, topics.changelog, record.offset,
        "Expected the tombstone of \(key.shown) to name commands that made versions 1 to \(version), but its header ids is "
          + "\(ids.map { "\($0.count) bytes of others" } ?? "missing")")
    }
    graves[key] = AuditedGrave(version: version, offset: record.offset)
  }

  private func take(checkpoint record: AuditRecord) {
    guard let document = AuditCheckpoint(record.value), document.format == 1 else {
      return add(
        .checkpoint, topics.changelog, record.offset,
        "Expected a checkpoint like {\"format\":1,\"position\":123,\"partitions\":4}, but found "
          + (record.value?.shown ?? "a null value"))
    }
    // Older versions wrote neither.
    for (name, own) in [
      ("application", audit.configuration.applicationID), ("commands-topic", topics.commands),
    ] as [(StaticString, String)] {
      guard let found = record.header(name), !found.elementsEqual(own.utf8) else { continue }
      add(
        .checkpoint, topics.changelog, record.offset,
        "Expected a checkpoint of \(name)=\(own), but it says \(found.shown)")
    }
    if let fault = input.take(record) { add(.checkpoint, topics.changelog, record.offset, fault) }
    if let checkpoint, document.position < checkpoint,
      !input.explains(from: checkpoint, to: document.position)
    {
      add(
        .checkpoint, topics.changelog, record.offset,
        "The checkpoint goes back from position \(checkpoint) to \(document.position)")
    }
    if document.partitions != Int64(audit.report.partitions) {
      add(
        .checkpoint, topics.changelog, record.offset,
        "Expected a checkpoint of \(audit.report.partitions) partitions, but it says \(document.partitions)")
    }
    checkpoint = document.position
    stretches.add(position: document.position, decider: record.text("decider"), isCertain: !hasGap)
    hasGap = false
  }

  /// Whether an outcome of this command belongs to what a worker did since the changelog was read.
  func isLater(_ offset: Int64) throws -> Bool {
    guard offset >= checkpoint ?? 0 else { return false }
    let isValid = audit.readers.valid.current.flatMap { place(ofEvent: $0) }?.offset == offset
    let isInvalid =
      audit.readers.invalid.current.flatMap { place(ofRejection: $0) }?.offset == offset
    guard isValid || isInvalid else { return false }
    if offset >= laterCheckpoint ?? 0, !isBehindReported { try readLaterCheckpoint(for: offset) }
    if offset < laterCheckpoint ?? 0 { return true }
    if !isBehindReported {
      isBehindReported = true
      let found = checkpoint.map { "is at position \($0)" } ?? "does not exist"
      add(
        .checkpoint, topics.changelog, nil,
        "The last checkpoint \(found), although command \(offset) has an outcome: the changelog has lost "
          + "transactions")
    }
    return false
  }

  /// Reads checkpoints from where the changelog was left, until one covers the offset or none comes.
  func readLaterCheckpoint(for offset: Int64) throws {
    let reader = audit.readers.changelog
    let deadline = ContinuousClock.now + Self.checkpointWait
    repeat {
      let end = try reader.stableBounds(partition).high
      try reader.open(partition, from: changelogEnd, to: end)
      while try reader.advance(), let record = reader.current {
        guard record.key?.isEmpty == true, let document = AuditCheckpoint(record.value) else { continue }
        laterCheckpoint = document.position
      }
      if offset < laterCheckpoint ?? 0 { return }
      Thread.sleep(forTimeInterval: 0.1)
    } while ContinuousClock.now < deadline
  }

  /// Passes over the outcomes of a command that is not part of this audit.
  func skip(_ offset: Int64) throws {
    while let event = audit.readers.valid.current, place(ofEvent: event)?.offset == offset {
      lastValid = offset
      try audit.readers.valid.advance()
    }
    while let rejection = audit.readers.invalid.current,
      place(ofRejection: rejection)?.offset == offset
    {
      lastInvalid = offset
      try audit.readers.invalid.advance()
    }
  }
}

/// The value of a checkpoint record.
struct AuditCheckpoint {
  let format: Int64
  let position: Int64
  let partitions: Int64

  private static let fields = AuditFields(["format", "position", "partitions"])

  /// Nil when it is not a JSON object of these numbers.
  init?(_ value: UnsafeRawBufferPointer?) {
    guard let numbers = Self.fields.read(value)?.map({ $0?.integer }), let format = numbers[0],
      let position = numbers[1], position >= 0, let partitions = numbers[2], partitions > 0
    else { return nil }
    (self.format, self.position, self.partitions) = (format, position, partitions)
  }
}

/// The header `ids`: 24 bytes a command, of which the last eight are the version that it made, big-endian.
enum AuditCommandIDs {
  private static let idBytes = 24

  /// Nil when the header is missing or no such list.
  static func versions(_ ids: UnsafeRawBufferPointer?) -> [Int64]? {
    guard let ids, !ids.isEmpty, ids.count % idBytes == 0 else { return nil }
    return stride(from: idBytes - 8, to: ids.count, by: idBytes).map { start in
      ids[start..<(start + 8)].reduce(0) { $0 << 8 | Int64($1) }
    }
  }
}
