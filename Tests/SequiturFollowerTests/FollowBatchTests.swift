import SeededRandom
import Testing

@testable import SequiturFollower

/// Records in a batch are what was put into it, whatever is taken off its beginning.
@Suite struct FollowBatchTests {
  private struct Record: Equatable {
    var offset: Int64
    var key: [UInt8]
    var value: [UInt8]?
    var headers: [[UInt8]?]
  }

  private static let names = ["ce_id", "ce_type", "", "ce_typo", "é", "ce_id"]

  private func random(_ offset: Int64, _ random: inout SplitMix64) -> (
    Record, [(name: String, value: [UInt8]?)]
  ) {
    func bytes(_ random: inout SplitMix64) -> [UInt8]? {
      random.below(6) == 0 ? nil : (0..<random.below(5)).map { _ in UInt8(random.below(256)) }
    }
    let headers = (0..<random.below(5)).map { _ in
      (name: Self.names[random.below(Self.names.count)], value: bytes(&random))
    }
    let found = Self.names.map { name in headers.last { $0.name == name }?.value }
    let record = Record(offset: offset, key: bytes(&random) ?? [], value: bytes(&random), headers: found)
    return (record, headers)
  }

  private func records(_ batch: FollowBatch) -> [Record] {
    (0..<batch.count).map { index in
      let record = batch[index]
      return Record(
        offset: record.offset, key: Array(record.key), value: record.value.map { Array($0) },
        headers: Self.names.map { record.header($0).map { Array($0) } })
    }
  }

  private func lent(_ batch: FollowBatch) -> [Record] {
    batch.withLentRecords { records in
      (0..<records.count).map { index in
        let record = records[index]
        return Record(
          offset: record.offset, key: Array(record.key), value: record.value.map { Array($0) },
          headers: Self.names.map { name in
            Array(name.utf8).withUnsafeBytes { record.header($0).map { Array($0) } }
          })
      }
    }
  }

  @Test(arguments: 1...20)
  func `records come out as they went in`(seed: UInt64) {
    var source = SplitMix64(seed: seed)
    var batch = FollowBatch()
    var expected: [Record] = []
    for offset in 0..<300 {
      let (record, headers) = random(Int64(offset), &source)
      batch.append(
        offset: record.offset, timestamp: 7, command: 3, version: 5, key: record.key, value: record.value,
        headers: headers)
      expected.append(record)
      let some = source.below(expected.count + 1)
      #expect(records(batch.prefix(some)) == Array(expected[..<some]), "seed \(seed), offset \(offset)")
      #expect(lent(batch.prefix(some)) == Array(expected[..<some]), "seed \(seed), offset \(offset)")
      guard source.below(10) == 0 else { continue }
      batch.removeFirst(some)
      expected.removeFirst(some)
      #expect(records(batch) == expected, "seed \(seed), offset \(offset)")
    }
    #expect(lent(FollowBatch()).isEmpty)
    batch.removeAll()
    #expect(batch.isEmpty && batch.byteCount == 0)
  }
}
