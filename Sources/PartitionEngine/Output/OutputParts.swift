/// The records of a transaction in the order in which the producer gets them, in parts: of each partition of a topic a
/// part holds what one request takes.
///
/// librdkafka has one request of a partition under way when its producer is idempotent (rdkafka_broker.c,
/// `rd_kafka_toppar_producer_serve`: the room it computes is 5 less the *messages* under way). While more of that partition
/// waits behind it, the broker's thread looks for work without a pause: 430,000 polls for 140,000 commands with payloads of
/// 1 kB, a fourth of the worker's processor time (measured with 2.0.2). So the next part is handed over once the one before
/// is in its topics, which costs no time: it would have waited inside.
public struct OutputParts: ~Copyable, Sendable {
  /// What one partition of one topic has so far: in its last part, and the number of that.
  private struct Filling {
    var part: Int32 = 0
    var records = 0
    var bytes = 0
  }

  /// What librdkafka adds to a record at most (rdkafka_proto.h, `RD_KAFKAP_MESSAGE_V2_MAX_OVERHEAD`).
  private static let recordFramingBytes = 36

  private var fillings: [Filling] = []
  /// The part of each record.
  private var parts = GrowingBuffer<Int32>()
  /// The records' places in the batch, part by part.
  private var order: [Int32] = []
  /// Where each part ends in `order`.
  private var ends: [Int] = []

  public init() {}

  /// How many parts there are; 0 for a batch without records.
  public var count: Int { ends.count }

  /// The records of a part, by their places in the batch, in its order.
  public func records(of part: Int) -> ArraySlice<Int32> {
    order[(part == 0 ? 0 : ends[part - 1])..<ends[part]]
  }

  /// Divides a batch.
  ///
  /// - Parameters:
  ///   - bytesMax: of one request, as librdkafka counts them (`batch.size`). A larger record has a part to itself.
  ///   - recordsMax: of one request (`batch.num.messages`); at least 1.
  public mutating func divide(_ output: borrowing OutputBatch, bytesMax: Int, recordsMax: Int) {
    for index in fillings.indices { fillings[index] = Filling() }
    parts.truncate(to: 0)
    ends.removeAll(keepingCapacity: true)
    for record in output.records {
      let place = Int(record.partition) * 3 + Int(record.topic.rawValue)
      while fillings.count <= place { fillings.append(Filling()) }
      let bytes = Self.byteCount(of: record, in: output)
      var filling = fillings[place]
      if filling.records == recordsMax || (filling.records > 0 && filling.bytes + bytes > bytesMax) {
        filling = Filling(part: filling.part + 1)
      }
      filling.records += 1
      filling.bytes += bytes
      fillings[place] = filling
      parts.append(filling.part)
      while ends.count <= Int(filling.part) { ends.append(0) }
      ends[Int(filling.part)] += 1
    }
    sort()
  }

  /// Puts the records in order: a counting sort, `ends` being the numbers of records at first.
  private mutating func sort() {
    var next: [Int] = []
    var total = 0
    for part in ends.indices {
      next.append(total)
      total += ends[part]
      ends[part] = total
    }
    order.removeAll(keepingCapacity: true)
    order.append(contentsOf: repeatElement(0, count: total))
    for (index, part) in parts.elements.enumerated() {
      order[next[Int(part)]] = Int32(truncatingIfNeeded: index)
      next[Int(part)] += 1
    }
  }

  private static func byteCount(of record: OutputRecord, in output: borrowing OutputBatch) -> Int {
    var bytes = recordFramingBytes + Int(record.key.count) + Int(record.value?.count ?? 0)
    for header in output.headers(of: record) {
      bytes += OutputBatch.headerFramingBytes + Int(header.name.count) + Int(header.value?.count ?? 0)
    }
    return bytes
  }
}
