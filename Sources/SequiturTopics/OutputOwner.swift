import KafkaClient
import Logging
import Sequitur

/// Looks at the last records of the output topics, for those of another application.
///
/// Two applications that write to one topic spoil it for both: outcomes without a command, versions twice, states
/// that nobody made. So a worker does not begin where the last records are another's.
///
/// Bounded: ``tail`` records of each partition, more only where those are no records but the marks of transactions,
/// and `call` without an answer. Records of open and aborted transactions count: they say as well who writes there.
struct OutputOwner {
  let reader: OriginReader
  let topics: TopicNames
  /// A client's.
  let kafka: KafkaConfiguration
  /// How long the broker may send nothing.
  let call: Duration
  let logger: Logger

  /// The offsets looked at, from a partition's end.
  private static let tail: Int64 = 20
  /// The same where the last ``tail`` hold no record.
  private static let longTail: Int64 = 2_000

  /// What was found on one topic.
  struct Finding {
    let topic: String
    let role: OriginReader.Role
    /// Where the first record of another application stands, and what it says.
    var foreign: (place: String, says: String)?
    /// The same for a record of no application.
    var stray: (place: String, says: String)?
    /// Why some partitions could not be looked at.
    var unread: KafkaError?
  }

  /// Looks at those of the output topics that exist, given with their numbers of partitions. Blocks.
  func look(at partitions: [String: Int]) throws(KafkaError) -> [Finding] {
    var findings: [String: Finding] = [:]
    var all: [TopicPartition] = []
    for (name, role) in [
      (topics.valid, OriginReader.Role.valid), (topics.invalid, .invalid), (topics.changelog, .changelog),
    ] {
      guard let count = partitions[name], findings[name] == nil else { continue }
      findings[name] = Finding(topic: name, role: role)
      all += (0..<Int32(count)).map { TopicPartition(topic: name, partition: $0) }
    }
    guard !all.isEmpty else { return [] }
    let empty = try read(all, tail: Self.tail, into: &findings)
    if !empty.isEmpty { _ = try read(empty, tail: Self.longTail, into: &findings) }
    return topics.outputs.compactMap { findings.removeValue(forKey: $0) }
  }

  /// Reads the ends of partitions; returns those that have offsets but gave no record.
  private func read(
    _ partitions: [TopicPartition], tail: Int64, into findings: inout [String: Finding]
  ) throws(KafkaError) -> [TopicPartition] {
    let consumer = try KafkaConsumer(configuration: kafka.merging(Self.properties), logger: logger)
    try consumer.assign(
      partitions.map {
        TopicPartitionOffset(
          topic: $0.topic, partition: $0.partition, offset: TopicPartitionOffset.fromEnd(tail))
      })
    var batch = MessageBatch(capacity: ScanLimits.recordsPerBatch)
    var waiting = Set(partitions)
    var silent = Set(partitions)
    var lastError: KafkaError?
    var deadline = ContinuousClock.now + call
    while !waiting.isEmpty {
      consumer.mainQueue.consumeBatch(into: &batch, timeout: ScanLimits.wait)
      let now = ContinuousClock.now
      guard now < deadline else { break }
      for index in 0..<batch.count {
        let message = batch[index]
        let place = TopicPartition(topic: message.topic, partition: message.partition)
        if message.isEndOfPartition {
          if waiting.remove(place) != nil { deadline = now + call }
          if message.offset == 0 { silent.remove(place) }
        } else if let error = message.error {
          lastError = error
          if error.code == .topicAuthorizationFailed {
            waiting = waiting.filter { $0.topic != place.topic }
            silent = silent.filter { $0.topic != place.topic }
            findings[place.topic]?.unread = error
          }
        } else if message.isRecord, waiting.contains(place) {
          silent.remove(place)
          judge(message, at: place, &findings)
        }
      }
    }
    for place in waiting {
      silent.remove(place)
      findings[place.topic]?.unread =
        lastError
        ?? KafkaError(
          code: .timedOut, operation: "read the last records of \(place.topic)/\(place.partition)",
          detail: "the broker sent nothing for \(call)", topic: place.topic, partition: place.partition)
    }
    return silent.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
  }

  private func judge(
    _ message: borrowing Message, at place: TopicPartition, _ findings: inout [String: Finding]
  ) {
    guard let role = findings[place.topic]?.role else { return }
    var headers: [RecordHeader] = []
    // Headers that cannot be parsed say nothing.
    _ = message.forEachHeader { headers.append(RecordHeader(name: $0, value: $1)) }
    let here = "\(place.topic)/\(place.partition)/\(message.offset)"
    switch reader.origin(in: role, key: message.key, value: message.value, headers: headers) {
    case .own, .unknown: break
    case .foreign(let says):
      if findings[place.topic]?.foreign == nil { findings[place.topic]?.foreign = (here, says) }
    case .stray(let says):
      if findings[place.topic]?.stray == nil { findings[place.topic]?.stray = (here, says) }
    }
  }

  /// Over the user's: those would hide records, or wait for the ends of partitions.
  private static let properties: KafkaConfiguration = [
    "isolation.level": "read_uncommitted", "enable.partition.eof": "true", "auto.offset.reset": "earliest",
    "fetch.wait.max.ms": "\(ScanLimits.fetchWait.milliseconds)", "fetch.message.max.bytes": "65536",
  ]
}
