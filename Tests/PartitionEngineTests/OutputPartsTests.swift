import SeededRandom
import Testing

@testable import PartitionEngine

/// What a part holds: of each partition of a topic as much as one request takes, and everything once, in order.
struct OutputPartsTests {
  private func batch(_ records: [(topic: OutputTopic, partition: Int32, bytes: Int)]) -> OutputBatch {
    var output = OutputBatch()
    for record in records {
      let key = output.append(UnsafeRawBufferPointer(start: nil, count: 0))
      let value = Array(repeating: UInt8(7), count: record.bytes).withUnsafeBytes { output.append($0) }
      output.append(
        record: OutputRecord(
          topic: record.topic, partition: record.partition, timestamp: 0, key: key, value: value, headers: 0,
          to: 0))
    }
    return output
  }

  private func divided(_ output: borrowing OutputBatch, bytesMax: Int, recordsMax: Int = 10_000) -> [[Int32]]
  {
    var parts = OutputParts()
    parts.divide(output, bytesMax: bytesMax, recordsMax: recordsMax)
    return (0..<parts.count).map { Array(parts.records(of: $0)) }
  }

  @Test func `a batch without records has no part, and a small one is one part in its order`() {
    #expect(divided(batch([]), bytesMax: 1000) == [])
    let small = batch([(.valid, 1, 10), (.changelog, 0, 10), (.valid, 0, 10), (.invalid, 1, 10)])
    #expect(divided(small, bytesMax: 1000) == [[0, 1, 2, 3]])
  }

  @Test func `what one partition has too much of comes later, and holds up no other one`() {
    // 100 bytes with what librdkafka adds: three of a partition fit in 300.
    let records = batch(
      (0..<5).map { _ in (.valid, 0, 64) } + (0..<3).map { _ in (.valid, 1, 64) }
        + (0..<4).map { _ in (.changelog, 0, 64) })
    #expect(divided(records, bytesMax: 300) == [[0, 1, 2, 5, 6, 7, 8, 9, 10], [3, 4, 11]])
  }

  @Test func `a request takes so many records, however small`() {
    let records = batch((0..<5).map { _ in (.valid, 0, 1) })
    #expect(divided(records, bytesMax: 1_000_000, recordsMax: 2) == [[0, 1], [2, 3], [4]])
    #expect(divided(records, bytesMax: 1_000_000, recordsMax: 1) == [[0], [1], [2], [3], [4]])
  }

  @Test func `a record larger than a request has a part to itself, as has each after it`() {
    let records = batch([(.valid, 0, 10), (.valid, 0, 5000), (.valid, 0, 10), (.valid, 0, 10)])
    #expect(divided(records, bytesMax: 1000) == [[0], [1], [2, 3]])
  }

  @Test func `a divided batch is divided anew`() {
    var parts = OutputParts()
    parts.divide(batch((0..<5).map { _ in (.valid, 7, 1) }), bytesMax: 1000, recordsMax: 2)
    #expect(parts.count == 3)
    parts.divide(batch([(.valid, 7, 1), (.valid, 7, 1)]), bytesMax: 1000, recordsMax: 2)
    #expect(parts.count == 1 && Array(parts.records(of: 0)) == [0, 1])
  }

  @Test(arguments: 1...200) func `every record is in one part, and those of a partition are in order`(
    seed: UInt64
  ) {
    var random = SplitMix64(seed: seed)
    let topics: [OutputTopic] = [.valid, .invalid, .changelog]
    let made = (0..<Int.random(in: 0...300, using: &random)).map { _ in
      (
        topic: topics.randomElement(using: &random)!, partition: Int32.random(in: 0...5, using: &random),
        bytes: Int.random(in: 0...400, using: &random)
      )
    }
    let (bytesMax, recordsMax) = (
      Int.random(in: 100...5000, using: &random), Int.random(in: 1...40, using: &random)
    )
    let parts = divided(batch(made), bytesMax: bytesMax, recordsMax: recordsMax)
    #expect(parts.joined().sorted() == (0..<made.count).map { Int32($0) })
    let places = Dictionary(grouping: parts.joined()) {
      made[Int($0)].topic.rawValue + 3 * UInt8(made[Int($0)].partition)
    }
    for (_, order) in places { #expect(order == order.sorted()) }
    for part in parts {
      for (_, records) in Dictionary(
        grouping: part, by: { [Int(made[Int($0)].topic.rawValue), Int(made[Int($0)].partition)] })
      {
        let bytes = records.reduce(0) { $0 + made[Int($1)].bytes + 36 }
        #expect(records.count == 1 || (bytes <= bytesMax && records.count <= recordsMax))
      }
    }
  }
}
