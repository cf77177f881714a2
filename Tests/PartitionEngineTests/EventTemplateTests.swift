import Sequitur
import Testing

@testable import PartitionEngine

/// Events of a batch share headers and copy the text before them; what comes out must not show it.
@Suite struct EventTemplateTests {
  private func check(_ event: ProducedRecord, offset: Int64, type: String, time: String) {
    #expect(event["ce_id"] == "commands/3/\(offset)/0")
    #expect(event["ce_causationid"] == "commands/3/\(offset)")
    #expect(event["ce_type"] == type)
    #expect(event["ce_time"] == time)
  }

  @Test func `ids follow the offsets over carries and gaps`() throws {
    let partition = TestPartition(position: 95)
    for gap in [0, 1, 0, 0, 0, 3, 9, 10, 0, 888, 0, 8, 0, 0, 1_000_000_000_000, 0, 9, 0] as [Int64] {
      partition.end += gap
      let offset = partition.end
      try partition.process(TestCommand("set", "value", key: "key \(offset % 3)"))
      check(partition.last, offset: offset, type: "set", time: "1970-01-01T00:00:01.000Z")
    }
  }

  @Test func `types, times and keys change from event to event`() throws {
    let partition = TestPartition(position: 7)
    for index in 0..<12 {
      var command = TestCommand(index % 3 == 0 ? "append" : "set", "v", key: "k\(index % 2)")
      command.timestamp = Int64(index / 4) * 1000
      if index % 5 == 4 { command.key = [0xff, UInt8(index)] }
      let offset = partition.end
      guard try partition.process(command) == .accepted else { continue }
      check(
        partition.last, offset: offset, type: index % 3 == 0 ? "appended" : "set",
        time: "1970-01-01T00:00:0\(index / 4).000Z")
      #expect((partition.last["ce_subject"] == nil) == (index % 5 == 4))
    }
  }

  @Test func `what a refused command had written is not built upon`() throws {
    let partition = TestPartition(position: 3)
    let large = String(repeating: "x", count: Limits().recordBytesMax)
    #expect(try partition.code(TestCommand("set", large)) == "too-large")
    try partition.process(TestCommand("set", "value"))
    check(partition.last, offset: 4, type: "set", time: "1970-01-01T00:00:01.000Z")
    #expect(try partition.code(TestCommand("set", large)) == "too-large")
    try partition.process(TestCommand("set", "value"))
    check(partition.last, offset: 6, type: "set", time: "1970-01-01T00:00:01.000Z")
    partition.commit()
    try partition.process(TestCommand("set", "value"))
    check(partition.last, offset: 7, type: "set", time: "1970-01-01T00:00:01.000Z")
  }

  @Test(arguments: Envelope.allCases)
  func `the size that counts against the topic's limit is that of all headers`(envelope: Envelope) throws {
    let partition = TestPartition(envelope: envelope, position: 98)
    for index in 0..<6 {
      var command = TestCommand(
        "set", "value", key: "a longer key than sixteen bytes", id: index % 2 == 0 ? "id \(index)" : nil,
        headers: [("traceparent", "t")])
      if index == 5 { command.key = [0xff, 0xfe, 0xfd] }
      let (bytes, first) = (partition.output.headerByteCount, partition.output.headers.count)
      try partition.process(command)
      #expect(
        partition.output.headerByteCount - bytes
          == partition.output.byteCount(ofHeadersFrom: first) - OutputBatch.framingBytes)
    }
  }
}
