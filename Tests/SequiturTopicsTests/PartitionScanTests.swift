import KafkaClient
import Logging
import SequiturTopics
import Testing

/// Reads from one offset to another, on a broker in this process.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PartitionScanTests {
  private let logger = Logger(label: "scan") { _ in SwiftLogNoOpLogHandler() }
  private let broker: EmbeddedBroker

  init() throws {
    broker = try EmbeddedBroker(logger: logger)
    try broker.createTopic("t", partitions: 2)
  }

  private var kafka: KafkaConfiguration {
    ["bootstrap.servers": broker.bootstrapServers, "auto.offset.reset": "error", "fetch.wait.max.ms": "10"]
  }

  private func fill(_ count: Int) throws {
    let producer = try KafkaProducer(configuration: kafka, logger: logger)
    let topic = try producer.topic("t")
    for number in 0..<count {
      try withUnsafeBytes(of: UInt64(number)) {
        try producer.produce(topic: topic, partition: 1, key: nil, value: $0)
      }
    }
    try producer.flush(timeout: .seconds(20))
  }

  private func scan(_ range: Range<Int64>, silenceMax: Duration = .seconds(30)) throws -> PartitionScan {
    try PartitionScan(
      of: "t", partition: 1, from: range.lowerBound, to: range.upperBound, isolation: .committed,
      silenceMax: silenceMax, kafka: kafka, logger: logger)
  }

  /// The offsets that a scan hands out.
  private func offsets(_ range: Range<Int64>) throws -> [Int64] {
    var offsets: [Int64] = []
    var scan = try scan(range)
    while !scan.isAtEnd { try scan.step { offsets.append($0.offset) } }
    let position = scan.position
    #expect(position == range.upperBound)
    return offsets
  }

  @Test(arguments: [0..<50, 0..<1, 10..<40, 49..<50] as [Range<Int64>])
  func `every record of the range is handed out once, and none beside it`(range: Range<Int64>) throws {
    try fill(50)
    #expect(try offsets(range) == Array(range))
  }

  @Test func `records behind the end are not handed out, though they came with the others`() throws {
    try fill(50)
    #expect(try offsets(3..<7) == [3, 4, 5, 6])
  }

  @Test func `an empty range is at its end at once`() throws {
    let scan = try scan(5..<5)
    let isAtEnd = scan.isAtEnd
    #expect(isAtEnd)
  }

  @Test func `an end that does not come is a standstill at what was read`() throws {
    try fill(5)
    var scan = try scan(0..<6, silenceMax: .milliseconds(300))
    let standstill = #expect(throws: PartitionScan.Standstill.self) {
      while !scan.isAtEnd { try scan.step { _ in } }
    }
    #expect(standstill?.position == 5)
    #expect(standstill?.lastError == nil)
  }

  @Test func `errors are no progress, however many come, and the last one is told`() throws {
    try fill(5)
    // Behind the log's end: with auto.offset.reset=error the client reports it instead of moving on.
    var scan = try scan(100..<200, silenceMax: .milliseconds(300))
    let standstill = #expect(throws: PartitionScan.Standstill.self) {
      while !scan.isAtEnd { try scan.step { _ in } }
    }
    #expect(standstill?.position == 100)
    #expect(standstill?.lastError != nil)
    let errors = [scan.takeError(), scan.takeError()]
    #expect(errors[0] != nil)
    #expect(errors[1] == nil)
  }

  @Test func `what is thrown for a record ends the scan there`() throws {
    struct Enough: Error {}
    try fill(20)
    var seen = 0
    var scan = try scan(0..<20)
    #expect(throws: Enough.self) {
      while !scan.isAtEnd {
        try scan.step { _ in
          seen += 1
          if seen == 7 { throw Enough() }
        }
      }
    }
    #expect(seen == 7)
  }
}
