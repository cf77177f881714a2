import KafkaClient
import Logging
import ReadableText
import SequiturAudit
import SequiturTopics

/// One record as the topics hold it, for people to look at.
package struct DemoSample: Sendable {
  let title: String
  /// `<topic>/<partition>/<offset>`.
  let place: String
  let key: String
  let value: String
  let headers: [(name: String, value: String)]

  init(_ title: String, _ record: AuditRecord, place: String) {
    self.title = title
    self.place = place
    key = Self.shown(record.key)
    value = Self.shown(record.value)
    headers = record.headers.map { (ShownText.line($0.name, atMost: 40), Self.shown($0.value)) }
  }

  /// Text as people may read it, other bytes in hexadecimal; both cut, text between two words.
  static func shown(_ bytes: UnsafeRawBufferPointer?) -> String {
    guard let bytes else { return "(null)" }
    guard !bytes.isEmpty else { return "(empty)" }
    if let text = String(validating: bytes, as: UTF8.self), text.utf8.allSatisfy({ $0 >= 32 }) {
      let shown = ShownText.line(text, atMost: nil)
      guard shown.count > Self.textMax else { return shown }
      return "\(Self.beginning(of: shown))… (\(bytes.count.counted("byte")))"
    }
    let digits = bytes.prefix(24).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    return "0x\(digits)\(bytes.count > 24 ? "…" : "") (\(bytes.count.counted("byte")))"
  }

  /// Characters of a text that are shown; more than any reason of the demo has.
  private static let textMax = 240

  /// What fits, up to the end of a word if there is one not far before.
  private static func beginning(of text: String) -> Substring {
    let most = text.prefix(textMax)
    guard let end = most.lastIndex(where: { " ,;:".contains($0) }),
      most.distance(from: end, to: most.endIndex) <= 40
    else { return most }
    return most[..<end]
  }
}

/// Finds a sample of each kind of record. Blocks its thread.
package struct DemoSamples: Sendable {
  private let topics: TopicNames
  private let partitions: Int
  private let kafka: KafkaConfiguration
  private let logger: Logger

  package init(topics: TopicNames, partitions: Int, kafka: KafkaConfiguration, logger: Logger) {
    self.topics = topics
    self.partitions = partitions
    self.kafka = kafka
    self.logger = logger
  }

  /// - Parameter codes: the rejection codes to look for.
  package func find(codes: Set<String>) throws -> [DemoSample] {
    var samples: [DemoSample] = []
    // An event that has a history, if there is one.
    try samples += first(topics.valid, "an event") { $0.header("ce_sequence")?.decimal ?? 0 > 2 }
    var missing = codes
    var rejections: [(code: String, sample: DemoSample)] = []
    try read(topics.invalid) { record, place in
      if let code = record.text("rejection-code"), missing.remove(code) != nil {
        rejections.append(
          (code, DemoSample("a rejection: \(ShownText.line(code, atMost: 40))", record, place: place)))
      }
      return !missing.isEmpty
    }
    samples += rejections.sorted { $0.code < $1.code }.map(\.sample)
    try samples += first(topics.changelog, "a state on the changelog") { record in
      record.value != nil && record.header("ids") != nil
    }
    try samples += first(topics.changelog, "a checkpoint on the changelog") { $0.key?.isEmpty == true }
    return samples
  }

  private func first(
    _ topic: String, _ title: String, _ isFit: (AuditRecord) -> Bool
  ) throws -> [DemoSample] {
    var found: DemoSample?
    try read(topic) { record, place in
      if isFit(record) { found = DemoSample(title, record, place: place) }
      return found == nil
    }
    return found.map { [$0] } ?? []
  }

  /// Lends record after record until the closure has enough.
  private func read(_ topic: String, _ body: (AuditRecord, _ place: String) -> Bool) throws {
    let reader = try TopicReader(topic: topic, kafka: kafka, logger: logger)
    for partition in 0..<Int32(partitions) {
      let bounds = try reader.stableBounds(partition)
      try reader.open(partition, from: bounds.low, to: bounds.high)
      while try reader.advance(), let record = reader.current {
        guard body(record, "\(topic)/\(partition)/\(record.offset)") else { return }
      }
    }
  }
}
