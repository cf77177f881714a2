import KafkaClient
import Logging
import PartitionEngine
import Sequitur
import SequiturTopics
import SequiturWorker

extension StoreInspection {
  /// What a comparison with the changelog came to.
  public struct Comparison: Sendable, Hashable {
    /// Objects on the changelog.
    public var objects = 0
    /// Objects that changed behind the store's position: a worker would read them again.
    public var behind = 0
    /// Objects that differ.
    public var differences = 0
  }

  /// Compares the store with its changelog: what a restore from nothing would put in its place.
  ///
  /// Objects that changed behind the position that the store stands for are no difference: a worker reads
  /// those again before it serves. Needs memory for a partition's keys: about 100 bytes and the key each.
  ///
  /// - Parameters:
  ///   - topic: the changelog.
  ///   - kafka: librdkafka's properties, `bootstrap.servers` among them.
  ///   - logger: where the client logs.
  ///   - body: takes a difference.
  /// - Throws: `KafkaError`, ``StoreInspectionFault``, `RestoreFault.unreadableRecord`.
  public func differences(
    fromChangelog topic: String, kafka: KafkaConfiguration, logger: Logger,
    _ body: (StoreDifference) throws -> Void
  ) throws -> Comparison {
    var comparison = Comparison()
    for partition in partitions {
      let position = try figures(of: partition, isExact: false).changelogOffset ?? 0
      var fold = ChangelogFold(position: position)
      try fold.read(topic, partition, kafka, logger)
      try compare(partition, &fold, &comparison, body)
    }
    return comparison
  }

  private func compare(
    _ partition: Int32, _ fold: inout ChangelogFold, _ comparison: inout Comparison,
    _ body: (StoreDifference) throws -> Void
  ) throws {
    var seen = 0
    comparison.objects += fold.latest.values.count { $0.version > 0 }
    try forEachRecord(in: partition) { key, record in
      seen += 1
      let key = Array(key)
      guard !ObjectRecord.isGrave(record) else { return }
      let found = ChangelogFold.Digest(record)
      let old = fold.before.removeValue(forKey: key)
      let newer = fold.behind[key] ?? []
      fold.latest[key] = nil
      if !newer.isEmpty { comparison.behind += 1 }
      guard found != old, !newer.contains(found) else { return }
      comparison.differences += 1
      let expected = newer.last ?? old
      try body(
        StoreDifference(
          partition: partition, key: key, kind: expected == nil ? .onlyInFirst : .differs,
          firstVersion: found.version, secondVersion: expected?.version))
    }
    for (key, digest) in fold.before.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      // Forgotten behind the position: the store may have heard of it already.
      if digest.version == 0 || (fold.behind[key] ?? []).contains(where: { $0.version == 0 }) { continue }
      comparison.differences += 1
      try body(
        StoreDifference(
          partition: partition, key: key, kind: .onlyInSecond, firstVersion: nil,
          secondVersion: digest.version))
    }
  }
}

/// A partition's changelog, as digests: what it said below a position, and what it said from there on.
private struct ChangelogFold {
  /// A record's hash and version; version 0 for an object that was forgotten.
  struct Digest: Hashable {
    let hash: CommandIDHash
    let version: UInt64

    init(_ record: UnsafeRawBufferPointer) {
      hash = CommandIDHash(record)
      version = ObjectRecord.isWellFormed(record) ? ObjectRecord(record).version : 0
    }

    static let forgotten = Digest(UnsafeRawBufferPointer(start: nil, count: 0))
  }

  private static let silenceMax = Duration.seconds(30)

  let position: Int64
  var before: [[UInt8]: Digest] = [:]
  var behind: [[UInt8]: [Digest]] = [:]
  var latest: [[UInt8]: Digest] = [:]

  init(position: Int64) { self.position = position }

  mutating func read(
    _ topic: String, _ partition: Int32, _ kafka: KafkaConfiguration, _ logger: Logger
  ) throws {
    let properties = kafka.merging(["auto.offset.reset": "earliest"])
    let bounds = try KafkaConsumer(configuration: properties, logger: logger)
      .watermarks(topic: topic, partition: partition, timeout: TopicLookUp.timeout)
    guard bounds.low < bounds.high else { return }
    var scan = try PartitionScan(
      of: topic, partition: partition, from: bounds.low, to: bounds.high, isolation: .committed,
      silenceMax: Self.silenceMax, kafka: properties, logger: logger)
    var decoder = ChangelogDecoder()
    while !scan.isAtEnd {
      do {
        try scan.step { try add($0, &decoder) }
      } catch is PartitionScan.Standstill {
        throw KafkaError(
          code: .timedOut, operation: "read the changelog to its end",
          detail: "nothing came for \(Self.silenceMax.components.seconds) seconds", topic: topic,
          partition: partition)
      }
      if let error = scan.takeError() { throw error }
    }
  }

  private mutating func add(_ message: borrowing Message, _ decoder: inout ChangelogDecoder) throws {
    let content = try decoder.decode(message)
    guard let key = message.key.map({ Array($0) }) else { return }
    switch content {
    case .checkpoint: return
    case .object: note(key, Digest(decoder.object.bytes), message.offset)
    // What is not there is not there, whatever is kept of it.
    case .grave, .forgotten: note(key, .forgotten, message.offset)
    }
  }

  private mutating func note(_ key: [UInt8], _ digest: Digest, _ offset: Int64) {
    latest[key] = digest
    if offset < position {
      before[key] = digest
    } else {
      behind[key, default: []].append(digest)
    }
  }
}
