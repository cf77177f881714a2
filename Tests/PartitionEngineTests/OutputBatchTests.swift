import Sequitur
import Testing

@testable import PartitionEngine

@Suite struct OutputBatchTests {
  private func add(_ text: String, to batch: inout OutputBatch) {
    let bytes = Array(text.utf8)
    let range = bytes.withUnsafeBytes { batch.append($0) }
    let first = batch.headers.count
    batch.append(header: batch.names.type, text: text)
    batch.append(
      record: OutputRecord(
        topic: .valid, partition: 0, timestamp: 0, key: range, value: range,
        headers: first, to: batch.headers.count))
  }

  @Test func `a roll back leaves what was there before the mark`() {
    var batch = OutputBatch()
    add("one", to: &batch)
    let before = (ProducedRecord.all(in: batch), batch.memoryByteCount)
    let mark = batch.mark()
    for _ in 0..<100 { add(String(repeating: "two", count: 1000), to: &batch) }
    batch.rollBack(to: mark)
    let after = (ProducedRecord.all(in: batch), batch.memoryByteCount)
    #expect(before == after)
    add("three", to: &batch)
    #expect(ProducedRecord.all(in: batch).map(\.valueText) == ["one", "three"])
    #expect(ProducedRecord.all(in: batch).map { $0["ce_type"] } == ["one", "three"])
  }

  @Test func `a batch can be used again`() {
    var batch = OutputBatch()
    let isEmpty = batch.isEmpty
    #expect(isEmpty)
    add("one", to: &batch)
    let first = ProducedRecord.all(in: batch)
    batch.removeAll()
    let bytes = batch.memoryByteCount
    #expect(bytes == 0)
    add("one", to: &batch)
    #expect(ProducedRecord.all(in: batch) == first)
  }

  @Test func `what says where records stand counts as memory`() {
    var batch = OutputBatch()
    for _ in 0..<100 { add("", to: &batch) }
    let bytes = batch.memoryByteCount - batch.byteCount
    #expect(bytes == 100 * (MemoryLayout<OutputRecord>.stride + MemoryLayout<OutputHeader>.stride))
    #expect(bytes > 50 * 100)
  }

  @Test func `ranges survive the arena's growth`() {
    var batch = OutputBatch()
    for number in 0..<5000 { add("record \(number)", to: &batch) }
    #expect(ProducedRecord.all(in: batch).map(\.valueText) == (0..<5000).map { "record \($0)" })
  }
}
